/**
 * A program of a world, a client's or a server's: it has a clock of its own, which may be wrong, go too fast or be set,
 * and it may sleep, or die. What a dead one waits for never comes: it does nothing any more.
 */
import type { Clock } from '@parley/shared/testing'
import { seededSecret } from '../../packages/shared/src/testing/chance.js'
import { chanceOf } from './chance.js'
import type { WorldClock } from './clock.js'

export interface ProcessOptions {
  readonly clock: WorldClock
  readonly seed: number
  readonly name: string
  /** How wrong its wall clock is, in ms. */
  readonly offsetMs: number
  /** How much faster than the world its clock goes: 0.01 is a percent. */
  readonly drift: number
}

export class Process implements Clock {
  readonly name: string
  readonly random: () => number
  readonly secret: () => string
  /** Its clock was set, which it cannot tell from a sleep: it may have had enough too early. */
  wasSet = false
  readonly #clock: WorldClock
  readonly #start: number
  readonly #rate: number
  readonly #timers = new Set<{ cancel: () => void }>()
  readonly #deaths: (() => void)[] = []
  readonly #wakings: (() => void)[] = []
  #offset: number
  #sleepsUntil = 0
  #isDead = false

  constructor({ clock, seed, name, offsetMs, drift }: ProcessOptions) {
    this.name = name
    this.random = chanceOf(seed, name).random
    // of its own: one secret more must not change every roll that follows
    const secrets = chanceOf(seed, `${name} secrets`).random
    this.secret = () => seededSecret(secrets)
    this.#clock = clock
    this.#start = clock.now()
    this.#rate = 1 + drift
    this.#offset = offsetMs
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get isAsleep(): boolean {
    return this.#sleepsUntil > this.#clock.now()
  }

  /** Timers that are armed. */
  get timers(): number {
    return this.#timers.size
  }

  now(): number {
    return Math.floor(this.#start + this.#offset + (this.#clock.now() - this.#start) * this.#rate)
  }

  after(delayMs: number, run: () => void): () => void {
    if (this.#isDead) return () => {}
    const timer = { cancel: () => {} }
    const fire = (): void => {
      if (this.isAsleep) {
        timer.cancel = this.#clock.after(this.#sleepsUntil - this.#clock.now(), fire)
        return
      }
      this.#timers.delete(timer)
      run()
    }
    this.#timers.add(timer)
    timer.cancel = this.#clock.after(delayMs / this.#rate, fire)
    return () => {
      timer.cancel()
      this.#timers.delete(timer)
    }
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve))
  }

  /** Its wall clock is set forward, or back. */
  adjust(ms: number): void {
    this.#offset += ms
    this.wasSet = true
  }

  /** Nothing of it runs for so long: its timers come late, and what the network brings waits. */
  sleep(ms: number): void {
    this.#sleepsUntil = Math.max(this.#sleepsUntil, this.#clock.now() + ms)
    this.#clock.after(ms, () => {
      if (!this.isAsleep && !this.#isDead) for (const waking of this.#wakings) waking()
    })
  }

  onWaking(run: () => void): void {
    this.#wakings.push(run)
  }

  /** It is gone, with all that it had. */
  kill(): void {
    if (this.#isDead) return
    this.#isDead = true
    for (const { cancel } of this.#timers) cancel()
    this.#timers.clear()
    for (const death of this.#deaths) death()
  }

  onDeath(run: () => void): void {
    this.#deaths.push(run)
  }
}
