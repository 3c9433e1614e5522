/**
 * The time of a world. It runs without ever going back to the event loop: between two timers all promises settle where
 * they stand, which makes a world ten times as fast. So it must be moved from a task of its own, outside of any promise.
 */
import { drainMicrotasks } from 'bun:jsc'
import type { Clock } from '@parley/shared/testing'
import { seededSecret } from '../../packages/shared/src/testing/chance.js'
import { TimerQueue } from '../../packages/shared/src/testing/timers.js'
import { chanceOf } from './chance.js'

/** So many timers at one moment are a loop that would never let time go on. */
const mostAtOneMoment = 100_000

/** Runs something as a task of its own. */
export function inTask<T>(run: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(run())
      } catch (error) {
        reject(error)
      }
    })
  })
}

export class WorldClock implements Clock {
  readonly random: () => number
  readonly secret: () => string
  readonly #timers = new TimerQueue()
  #now = Date.UTC(2026, 0, 1)

  constructor(seed: number) {
    this.random = chanceOf(seed, 'clock').random
    this.secret = () => seededSecret(this.random)
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#timers.add(this.#now + Math.max(0, delayMs), run)
  }

  /** How many timers are armed. */
  pending(): number {
    return this.#timers.size
  }

  /** Lets time pass: runs what comes due, in order, and lets promises settle before, between and after. */
  advance(ms: number): void {
    const end = this.#now + ms
    let atMoment = 0
    drainMicrotasks()
    for (let due = this.#timers.next(); due !== undefined && due <= end; due = this.#timers.next()) {
      atMoment = due > this.#now ? 0 : atMoment + 1
      if (atMoment > mostAtOneMoment)
        throw new Error(`${mostAtOneMoment} timers ran at one moment: something re-arms itself without delay`)
      this.#now = Math.max(this.#now, due)
      this.#timers.take()!()
      drainMicrotasks()
    }
    this.#now = end
  }
}
