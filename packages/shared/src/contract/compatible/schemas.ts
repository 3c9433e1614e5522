/**
 * Whether every value of one schema is a value of another, told from their descriptions alone. What cannot be proven
 * is denied, with the path and the reason: functions are in no description, so a transform fits only what is the same
 * as far as a fingerprint sees it, and a check is one that the other schema has, too.
 *
 * A schema has two sides: what is `written` for it, and what is `read` after it. A comparison is of one side of both.
 * Recursive schemas are compared as graphs: two that are being compared are taken to fit until something says no.
 */
import type { Json, SchemaNode } from '../fingerprint.js'
import type { Side } from '../resolve.js'
import { kindOf, spelled, textOf, valuesOf } from './defs.js'
import { SchemaGraph } from './graph.js'
import { implies, ruleText } from './rules.js'
import { mayBeAbsent, nothing, takes } from './takes.js'

/** Why a value may not fit, and where. */
export interface Misfit {
  readonly path: string
  readonly why: string
}

/** Schemas whose values are those of the one inside, and perhaps some more. */
const wrappers: ReadonlySet<unknown> = new Set([
  ...['optional', 'nullable', 'default', 'prefault', 'catch', 'readonly', 'nonoptional'],
])

export class SchemaFit {
  readonly #graph: SchemaGraph
  /** Pairs that are taken to fit, in the order in which they were met. */
  readonly #taken = new Set<string>()

  /** @param before schemas of the older contract. @param now those of the newer one. */
  constructor(before: readonly SchemaNode[], now: readonly SchemaNode[]) {
    this.#graph = new SchemaGraph(before, now)
  }

  /** What the older contract lets a client write is taken by the newer one. Both by their numbers in their contracts. */
  written(before: number, now: number, path: string): Misfit | undefined {
    return this.#fits(before, this.#graph.newer(now), 'written', path)
  }

  /** What the newer contract gives can be read by the older one. */
  read(before: number, now: number, path: string): Misfit | undefined {
    return this.#fits(this.#graph.newer(now), before, 'read', path)
  }

  /** Whether a schema of the older, or the newer, contract takes `undefined`. */
  takesNothing(version: 'before' | 'now', n: number, side: Side): boolean {
    return takes(this.#graph, version === 'now' ? this.#graph.newer(n) : n, nothing, side)
  }

  /** The names of an object's fields; nothing for any other schema. */
  names(version: 'before' | 'now', n: number): readonly string[] | undefined {
    const shape = this.#graph.shape(this.#graph.def(version === 'now' ? this.#graph.newer(n) : n))
    return shape && Object.keys(shape)
  }

  #fits(from: number, to: number, side: Side, path: string): Misfit | undefined {
    if (this.#graph.kinds[from] === this.#graph.kinds[to]) return undefined
    const pair = `${from} ${to} ${side}`
    if (this.#taken.has(pair)) return undefined
    const met = this.#taken.size
    this.#taken.add(pair)
    const misfit = this.#compare(from, to, side, path)
    // what was found to fit since then may have counted on this
    if (misfit) for (const one of [...this.#taken].slice(met)) this.#taken.delete(one)
    return misfit
  }

  #compare(from: number, to: number, side: Side, path: string): Misfit | undefined {
    const [f, t] = [this.#graph.def(from), this.#graph.def(to)]
    if ((t.type === 'any' || t.type === 'unknown') && this.#graph.checks(to).length === 0) return undefined
    if (f.type === 'never') return undefined
    if (f.type === t.type) {
      if (wrappers.has(f.type))
        return (
          this.#rules(from, to, side, path) ??
          this.#fits(this.#graph.inner(from), this.#graph.inner(to), side, path)
        )
      if (f.type === 'pipe') return this.#pipes(from, to, side, path)
    }
    return this.#split(from, to, side, path)
  }

  /** Takes apart what the values come from. */
  #split(from: number, to: number, side: Side, path: string): Misfit | undefined {
    const f = this.#graph.def(from)
    const inner = (): Misfit | undefined => this.#fits(this.#graph.inner(from), to, side, path)
    const each = (values: readonly Json[]): Misfit | undefined => {
      const odd = values.find((value) => !takes(this.#graph, to, value, side))
      return odd === undefined
        ? undefined
        : wrong(path, side, `${textOf(odd)} is not taken any more`, `it may be ${textOf(odd)} now`)
    }
    switch (f.type) {
      case 'optional':
        return each([nothing]) ?? inner()
      case 'nullable':
        return each([null]) ?? inner()
      case 'default':
      case 'prefault':
        return (side === 'written' ? each([nothing]) : undefined) ?? inner()
      case 'catch':
        return side === 'written' ? { path, why: 'anything was taken' } : inner()
      case 'readonly':
        return inner()
      case 'nonoptional': {
        const within = this.#graph.inner(from)
        return this.#fits(
          this.#graph.def(within).type === 'optional' ? this.#graph.inner(within) : within,
          to,
          side,
          path,
        )
      }
      case 'union':
        return first(this.#graph.refs(from, f.options), (option) => this.#fits(option, to, side, path))
      case 'enum':
      case 'literal':
        return each(valuesOf(f))
      case 'boolean':
        return this.#graph.def(to).type === 'boolean'
          ? this.#enter(from, to, side, path)
          : each([true, false])
      case 'pipe': {
        const end = this.#graph.ref(from, side === 'written' ? f.in : f.out)
        return this.#fits(end, to, side, path)
      }
      case 'transform':
        return { path, why: 'what a transform takes or makes cannot be compared' }
      default:
        return this.#enter(from, to, side, path)
    }
  }

  /** Takes apart what the values go to; what they come from is of one piece. */
  #enter(from: number, to: number, side: Side, path: string): Misfit | undefined {
    const [f, t] = [this.#graph.def(from), this.#graph.def(to)]
    if (t.type === 'catch' && side === 'written') return undefined
    const plain = (): Misfit | undefined => this.#noRules(to, side, path)
    if (wrappers.has(t.type)) return plain() ?? this.#fits(from, this.#graph.inner(to), side, path)
    switch (t.type) {
      case 'union': {
        if (t.inclusive === false && t.discriminator === undefined)
          return { path, why: 'an exclusive union cannot be compared' }
        const options = this.#graph.refs(to, t.options)
        const misfits = options.map((option) => this.#fits(from, option, side, path))
        if (misfits.includes(undefined)) return plain()
        return (
          misfits[this.#meant(from, to, side)] ??
          wrong(path, side, 'it fits none of the options', 'it was none of the options')
        )
      }
      case 'intersection': {
        if (f.type === 'intersection') return this.#enterSame(from, to, side, path)
        const halves = [this.#graph.ref(to, t.left), this.#graph.ref(to, t.right)]
        return plain() ?? first(halves, (half) => this.#fits(from, half, side, path))
      }
      case 'pipe': {
        if (side === 'written') return { path, why: 'it is transformed now, which cannot be compared' }
        return plain() ?? this.#fits(from, this.#graph.ref(to, t.out), side, path)
      }
      default:
        return this.#enterSame(from, to, side, path)
    }
  }

  /** Two schemas that can only be of one type. */
  #enterSame(from: number, to: number, side: Side, path: string): Misfit | undefined {
    const [f, t] = [this.#graph.def(from), this.#graph.def(to)]
    if (f.type !== t.type) {
      if ([f.type, t.type].every((type) => type === 'undefined' || type === 'void')) return undefined
      return wrong(
        path,
        side,
        `it was ${kindOf(f)}, and must be ${kindOf(t)} now`,
        `it was ${kindOf(t)}, and is ${kindOf(f)} now`,
      )
    }
    const ruled = this.#rules(from, to, side, path)
    if (ruled) return ruled
    const both = (name: string, at: string): Misfit | undefined =>
      this.#fits(this.#graph.ref(from, f[name]), this.#graph.ref(to, t[name]), side, at)
    switch (f.type) {
      case 'string':
      case 'number':
      case 'bigint':
      case 'boolean':
      case 'date':
        return side === 'written' && f.coerce === true && t.coerce !== true
          ? { path, why: 'it is not coerced any more' }
          : undefined
      case 'null':
      case 'undefined':
      case 'void':
      case 'never':
      case 'nan':
      case 'symbol':
        return undefined
      case 'object':
        return this.#objects(from, to, side, path)
      case 'array':
        return both('element', `${path}[]`)
      case 'set':
        return both('valueType', `${path}[]`)
      case 'map':
        return both('keyType', `${path}[key]`) ?? both('valueType', `${path}[]`)
      case 'record': {
        const keys = [this.#graph.ref(from, f.keyType), this.#graph.ref(to, t.keyType)]
        const isPlain = keys.every((key) => this.#graph.def(key).type === 'string')
        if (!isPlain && this.#graph.kinds[keys[0]!] !== this.#graph.kinds[keys[1]!])
          return { path, why: 'its keys have changed' }
        if (f.partial !== t.partial || f.mode !== t.mode)
          return { path, why: 'which keys it needs has changed' }
        return both('keyType', `${path}[key]`) ?? both('valueType', `${path}[]`)
      }
      case 'tuple':
        return this.#tuples(from, to, side, path)
      case 'intersection':
        return both('left', path) ?? both('right', path)
      default:
        return { path, why: `${kindOf(f)} that has changed cannot be compared` }
    }
  }

  #objects(from: number, to: number, side: Side, path: string): Misfit | undefined {
    const [f, t] = [this.#graph.def(from), this.#graph.def(to)]
    const [given, wanted] = [this.#graph.shape(f) ?? {}, this.#graph.shape(t) ?? {}]
    const [givenRest, wantedRest] = [this.#graph.rest(from), this.#graph.rest(to)]
    const absent = (at: string): Misfit => wrong(at, side, 'it is required now', 'it may be missing now')
    for (const [name, ref] of Object.entries(wanted)) {
      const at = `${path}.${spelled(name)}`
      const field = this.#graph.ref(to, ref)
      const source = Object.hasOwn(given, name) ? this.#graph.ref(from, given[name]) : undefined
      if (
        (source === undefined || mayBeAbsent(this.#graph, source, side)) &&
        !mayBeAbsent(this.#graph, field, side)
      )
        return absent(at)
      const misfit =
        source === undefined ? this.#rests(givenRest, field, side, at) : this.#fits(source, field, side, at)
      if (misfit) return misfit
    }
    if (wantedRest === undefined) return undefined // it strips what it does not know
    for (const [name, ref] of Object.entries(given)) {
      if (Object.hasOwn(wanted, name)) continue
      const at = `${path}.${spelled(name)}`
      if (this.#graph.def(wantedRest).type === 'never')
        return wrong(at, side, 'it is not taken any more', 'it is new, and the schema was strict')
      const misfit = this.#fits(this.#graph.ref(from, ref), wantedRest, side, at)
      if (misfit) return misfit
    }
    return this.#rests(givenRest, wantedRest, side, `${path}[]`)
  }

  /** What is not named on the one side, but may be there. */
  #rests(from: number | undefined, to: number, side: Side, path: string): Misfit | undefined {
    return from === undefined ? undefined : this.#fits(from, to, side, path)
  }

  #tuples(from: number, to: number, side: Side, path: string): Misfit | undefined {
    const [f, t] = [this.#graph.def(from), this.#graph.def(to)]
    const [given, wanted] = [this.#graph.refs(from, f.items), this.#graph.refs(to, t.items)]
    const rests = [f.rest, t.rest].map((rest) => rest !== null && rest !== undefined)
    if (given.length !== wanted.length || rests[0] !== rests[1])
      return { path, why: 'its length has changed' }
    const items = first(given, (item, i) => {
      if (mayBeAbsent(this.#graph, item, side) && !mayBeAbsent(this.#graph, wanted[i]!, side))
        return wrong(`${path}[${i}]`, side, 'it is required now', 'it may be missing now')
      return this.#fits(item, wanted[i]!, side, `${path}[${i}]`)
    })
    if (items || !rests[0]) return items
    return this.#fits(this.#graph.ref(from, f.rest), this.#graph.ref(to, t.rest), side, `${path}[]`)
  }

  /** Index of the option that an object is meant for, as the discriminator of the union says. */
  #meant(from: number, to: number, side: Side): number {
    const { options, discriminator } = this.#graph.def(to)
    const key = (n: number): number | undefined => {
      const shape = this.#graph.shape(this.#graph.def(n)) ?? {}
      const name = String(discriminator)
      return Object.hasOwn(shape, name) ? this.#graph.ref(n, shape[name]) : undefined
    }
    const given = key(from)
    return this.#graph.refs(to, options).findIndex((option) => {
      const wanted = key(option)
      return given !== undefined && wanted !== undefined && !this.#fits(given, wanted, side, '')
    })
  }

  /** What comes after the first schema of a pipe may refuse as well: it must be the same. */
  #pipes(from: number, to: number, side: Side, path: string): Misfit | undefined {
    const [f, t] = [this.#graph.def(from), this.#graph.def(to)]
    const [fromOut, toOut] = [this.#graph.ref(from, f.out), this.#graph.ref(to, t.out)]
    const changed: Misfit = { path, why: 'a transform has changed, or what it is given' }
    if (side === 'read') {
      if (this.#graph.def(toOut).type === 'transform' || this.#graph.def(fromOut).type === 'transform')
        return changed
      return this.#rules(from, to, side, path) ?? this.#fits(fromOut, toOut, side, path)
    }
    if (this.#graph.kinds[fromOut] !== this.#graph.kinds[toOut]) return changed
    return (
      this.#rules(from, to, side, path) ??
      this.#fits(this.#graph.ref(from, f.in), this.#graph.ref(to, t.in), side, path)
    )
  }

  /** Each check of the one must follow from those of the other. */
  #rules(from: number, to: number, side: Side, path: string): Misfit | undefined {
    const given = this.#graph.checks(from)
    const wanted = this.#graph.checks(to)
    const rewrites = [...given, ...wanted].some(({ def }) => def.check === 'overwrite')
    if (rewrites && given.map(({ rule }) => rule).join() !== wanted.map(({ rule }) => rule).join())
      return { path, why: 'what rewrites a value cannot be compared' }
    const left = given.map(({ rule }) => rule)
    for (const { rule, def } of wanted) {
      const same = left.indexOf(rule)
      if (same >= 0) left.splice(same, 1)
      else if (!given.some((other) => implies(other.def, def)))
        return wrong(path, side, `a rule is new: ${ruleText(def)}`, `a rule is gone: ${ruleText(def)}`)
    }
    return undefined
  }

  #noRules(to: number, side: Side, path: string): Misfit | undefined {
    const [rule] = this.#graph.checks(to)
    return (
      rule &&
      wrong(path, side, `a rule is new: ${ruleText(rule.def)}`, `a rule is gone: ${ruleText(rule.def)}`)
    )
  }
}

function first<T>(items: readonly T[], look: (item: T, i: number) => Misfit | undefined): Misfit | undefined {
  for (const [i, item] of items.entries()) {
    const misfit = look(item, i)
    if (misfit) return misfit
  }
  return undefined
}

function wrong(path: string, side: Side, written: string, read: string): Misfit {
  return { path, why: side === 'written' ? written : read }
}
