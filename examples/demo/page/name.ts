/** Who the visitor says to be. It is what the client presents itself with, so a new one needs a new connection. */
import { useSyncExternalStore } from 'react'
import { useLoaded } from './loaded.js'
import { remember, remembered } from './memory.js'
import { createValue } from './value.js'

export const nameKey = 'parley-name'
const longest = 32
const first = ['Quiet', 'Early', 'Kind', 'Swift', 'Bright', 'Calm', 'Bold', 'Merry']
const second = ['Heron', 'Otter', 'Maple', 'Lark', 'Fox', 'Willow', 'Robin', 'Hare']

const pick = (words: readonly string[]): string => words[Math.floor(Math.random() * words.length)] ?? 'Guest'

/** For somebody who comes for the first time. */
export const pickName = (): string => `${pick(first)} ${pick(second)}`

/** What is taken of a name that somebody wrote. */
export const trimmed = (wanted: string): string => wanted.trim().slice(0, longest).trim()

export const name = createValue(trimmed(remembered(nameKey) ?? '') || 'Guest')

/** Takes a name, or keeps the old one where there is nothing in it. */
export function rename(wanted: string): void {
  const next = trimmed(wanted)
  if (next === '' || next === name.getSnapshot()) return
  remember(nameKey, next)
  name.set(next)
}

export function useName(): string {
  const loaded = useLoaded()
  return useSyncExternalStore(name.subscribe, name.getSnapshot, () => loaded.name)
}
