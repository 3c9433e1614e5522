/**
 * Bugs that real libraries of this kind have had, or could have: each is one snippet of the product and what stands in
 * its place. The simulation must find each of them, within so many seeds, by the promise that it breaks.
 */
import type { Promised } from './promises.js'

export interface Bug {
  readonly name: string
  /** In words, for the table in docs/TESTING.md. */
  readonly what: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly snippet: string
  readonly replacement: string
  /** It is found within the seeds 1 to this one. */
  readonly within: number
  /** By one of these. */
  readonly breaks: readonly Promised[]
}

export const bugs: readonly Bug[] = []
