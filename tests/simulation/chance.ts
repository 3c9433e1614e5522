/**
 * Chance by name: each thing of a world draws from a stream of its own, made from the seed and the thing's name, so that
 * a step that is left out does not change what the others do.
 */
import { seededRandom } from '../../packages/shared/src/testing/chance.js'

export interface Chance {
  /** From 0 (included) to 1 (excluded). */
  random(): number
  below(most: number): number
  pick<T>(...choices: readonly T[]): T
  likely(chance: number): boolean
  /** One of these, by their weights. */
  weighed<T>(choices: readonly (readonly [weight: number, choice: T])[]): T
}

export function chanceOf(seed: number, name: string): Chance {
  const random = seededRandom(hash(`${seed} ${name}`))
  const below = (most: number): number => Math.floor(random() * most)
  return {
    random,
    below,
    pick: (...choices) => choices[below(choices.length)]!,
    likely: (chance) => random() < chance,
    weighed(choices) {
      let at = below(choices.reduce((sum, [weight]) => sum + weight, 0))
      for (const [weight, choice] of choices) {
        if (at < weight) return choice
        at -= weight
      }
      throw new Error('there is nothing to choose from')
    },
  }
}

/** 53 bits of a text, by FNV-1a from two beginnings. */
function hash(text: string): number {
  let low = 0x811c9dc5
  let high = 0x9e3779b9
  for (let i = 0; i < text.length; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x01000193)
    high = Math.imul(high ^ text.charCodeAt(i), 0x01000193)
  }
  return (low >>> 0) + (high >>> 11) * 2 ** 32
}
