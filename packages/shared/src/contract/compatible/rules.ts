/** The checks of schemas: which follows from which. */
import type { Json } from '../fingerprint.js'
import { type Def, textOf } from './defs.js'

/** Whether a check follows from another one. */
export function implies(given: Def, wanted: Def): boolean {
  switch (wanted.check) {
    case 'min_length':
    case 'min_size':
      return bound(given, wanted, 'min', 'minimum', (a, b) => a >= b)
    case 'max_length':
    case 'max_size':
      return bound(given, wanted, 'max', 'maximum', (a, b) => a <= b)
    case 'greater_than':
      return given.check === wanted.check && tighter(given, wanted, (a, b) => a > b)
    case 'less_than':
      return given.check === wanted.check && tighter(given, wanted, (a, b) => a < b)
    default:
      return false
  }
}

function bound(
  given: Def,
  wanted: Def,
  end: 'min' | 'max',
  name: string,
  holds: (a: number | bigint, b: number | bigint) => boolean,
): boolean {
  const what = String(wanted.check).slice(end.length + 1) // length or size
  const found =
    given.check === wanted.check ? given[name] : given.check === `${what}_equals` ? given[what] : undefined
  const [a, b] = [amount(found), amount(wanted[name])]
  return a !== undefined && b !== undefined && holds(a, b)
}

function tighter(
  given: Def,
  wanted: Def,
  beyond: (a: number | bigint, b: number | bigint) => boolean,
): boolean {
  const [a, b] = [amount(given.value), amount(wanted.value)]
  if (a === undefined || b === undefined) return false
  return beyond(a, b) || (!beyond(b, a) && (wanted.inclusive === true || given.inclusive !== true))
}

function amount(value: Json | undefined): number | bigint | undefined {
  if (typeof value === 'number') return value
  const said = value === undefined ? '' : textOf(value)
  if (/^-?\d+n$/.test(said)) return BigInt(said.slice(0, -1))
  const date = /^Date (-?\d+)$/.exec(said)?.[1]
  return date === undefined ? undefined : Number(date)
}

export function ruleText({ check, ...said }: Def): string {
  const details = Object.values(said).filter((value) => typeof value !== 'boolean' && value !== undefined)
  return [check, ...details.map((value) => textOf(value as Json))].join(' ').slice(0, 80)
}
