import type { Clock } from '../clock.js'
import { seededRandom, seededSecret } from './chance.js'
import { settle } from './settle.js'
import { TimerQueue } from './timers.js'

export interface VirtualClockOptions {
  /** Seed of `random()` and `secret()`. Default 1. */
  readonly seed?: number
  /** Wall-clock time at the beginning, in ms since 1970. Default 2026-01-01T00:00:00Z. */
  readonly start?: number
}

/** A clock that stands still until a test moves it, with chance and names that a seed decides. */
export interface VirtualClock extends Clock {
  /**
   * Lets `ms` of time pass: runs the timers that come due, in the order of their time and then of their creation,
   * and lets promises settle before the first, between any two, and after the last. `advance(0)` runs what is due now.
   *
   * @throws RangeError where `ms` is negative or not a number.
   * @throws Error while another `advance` or `runUntil` is at work, or where timers re-arm themselves without end
   *   at one moment. What a timer throws is thrown here, too; time then stands at that timer.
   */
  advance(ms: number): Promise<void>
  /**
   * Lets time pass, timer by timer, until `condition` holds; it is asked whenever promises have settled.
   *
   * @param maxMs the most virtual time to spend. Default 60,000.
   * @throws Error when the time is spent and the condition still does not hold, and as `advance` does.
   */
  runUntil(condition: () => boolean, maxMs?: number): Promise<void>
  /** Lets promises settle; no time passes and no timer runs. */
  settle(): Promise<void>
  /**
   * Time passes while nothing runs, as in a laptop that sleeps or a process that is stopped: `now()` is later at
   * once, and timers that came due meanwhile run late, at the next `advance` or `runUntil`.
   *
   * @throws RangeError where `ms` is negative or not a number.
   */
  jump(ms: number): void
  /**
   * The wall clock is corrected by `ms`, forward or (negative) back, as by NTP or by hand: `now()` changes, and
   * the time until each timer does not.
   */
  adjust(ms: number): void
  /** How many timers are armed. */
  pending(): number
}

/** A real timer with a longer delay fires at once (WHATWG HTML, timers: the delay is a 32-bit integer). */
const longestDelayMs = 2 ** 31 - 1

/** So many timers at one moment are a loop that would never let time go on. */
const mostAtOneMoment = 100_000

/**
 * Makes a virtual clock: time, timers, chance and secrets for code that takes a `Clock`, all decided by the test.
 *
 * @example
 * const clock = virtualClock({ seed: 7 })
 * clock.after(1_000, () => reconnect())
 * await clock.advance(1_000)
 */
export function virtualClock({
  seed = 1,
  start = Date.UTC(2026, 0, 1),
}: VirtualClockOptions = {}): VirtualClock {
  const timers = new TimerQueue()
  const random = seededRandom(seed)
  // secrets have a sequence of their own, so that one more of them does not change every roll that follows
  const secretRandom = seededRandom(seed + 0.5 * 2 ** 32)
  let elapsed = 0
  let wallAtStart = start
  let busy = false

  async function exclusively(work: () => Promise<void>): Promise<void> {
    if (busy) throw new Error('The virtual clock is being advanced already: await the first call.')
    busy = true
    try {
      await work()
    } finally {
      busy = false
    }
  }

  /** Runs due timers up to `end`, one at a time, until `enough` says so. Tells whether it did. */
  async function run(end: number, enough: () => boolean): Promise<boolean> {
    let moment = elapsed
    let atMoment = 0
    await settle()
    while (!enough()) {
      const due = timers.next()
      if (due === undefined || due > end) {
        elapsed = Math.max(elapsed, end)
        return false
      }
      elapsed = Math.max(elapsed, due)
      atMoment = elapsed === moment ? atMoment + 1 : 1
      moment = elapsed
      if (atMoment > mostAtOneMoment)
        throw new Error(
          `${mostAtOneMoment} timers ran at one moment: something re-arms itself without delay.`,
        )
      timers.take()!()
      await settle()
    }
    return true
  }

  return {
    now: () => wallAtStart + elapsed,
    after(delayMs, callback) {
      if (!(delayMs <= longestDelayMs))
        throw new RangeError(`A timer of ${delayMs} ms: a real one would fire at once above 2^31-1 ms.`)
      return timers.add(elapsed + Math.max(0, delayMs), callback)
    },
    random,
    secret: () => seededSecret(secretRandom),
    async advance(ms) {
      requireDuration(ms)
      await exclusively(async () => {
        await run(elapsed + ms, () => false)
      })
    },
    async runUntil(condition, maxMs = 60_000) {
      requireDuration(maxMs)
      await exclusively(async () => {
        if ((await run(elapsed + maxMs, condition)) || condition()) return
        throw new Error(`The condition did not come true within ${maxMs} ms of virtual time.`)
      })
    },
    settle,
    jump(ms) {
      requireDuration(ms)
      elapsed += ms
    },
    adjust(ms) {
      wallAtStart += ms
    },
    pending: () => timers.size,
  }
}

function requireDuration(ms: number): void {
  if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`Time cannot pass by ${ms} ms.`)
}
