/** Who the visitor says to be. It is what the client presents itself with, so a new one needs a new connection. */
import { remember, remembered } from './memory.js'
import { createValue } from './value.js'

const key = 'parley.name'
const longest = 32
const first = ['Quiet', 'Early', 'Kind', 'Swift', 'Bright', 'Calm', 'Bold', 'Merry']
const second = ['Heron', 'Otter', 'Maple', 'Lark', 'Fox', 'Willow', 'Robin', 'Hare']

const pick = (words: readonly string[]): string => words[Math.floor(Math.random() * words.length)] ?? 'Guest'

export const name = createValue(remembered(key) ?? `${pick(first)} ${pick(second)}`)

/** Takes a name, or keeps the old one where there is nothing in it. */
export function rename(wanted: string): void {
  const next = wanted.trim().slice(0, longest)
  if (next === '' || next === name.getSnapshot()) return
  remember(key, next)
  name.set(next)
}
