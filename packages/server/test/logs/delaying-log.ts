import type { Clock } from '@parley/shared/testing'
import type { Log, TailItem } from '../../src/logs/log.js'

export interface DelayingLogOptions {
  /** A read takes 0 to this many ms. Its snapshot is taken at its start, at its end, or in between. Default 50. */
  readonly readMs?: number
  /** An append takes effect at once, and is acknowledged 0 to this many ms later. Default 0: at once. */
  readonly acknowledgeMs?: number
  /** Each item of a tail, and the start of the tail, comes 0 to this many ms late, in order. Default 0: at once. */
  readonly tailMs?: number
}

/**
 * A log as it is over a network: out of step with who uses it, by chance, and right all the same. Whatever joins a
 * read to a tail must hold over it, where over a memory log everything happens at one moment.
 *
 * @param random from 0 (included) to 1 (excluded), such as `clock.random`.
 */
export function delayingLog(
  log: Log,
  clock: Clock,
  random: () => number,
  { readMs = 50, acknowledgeMs = 0, tailMs = 0 }: DelayingLogOptions = {},
): Log {
  const roll = (most: number) => (most > 0 ? Math.floor(random() * (most + 1)) : 0)
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve))

  return {
    async append(entry) {
      const appended = log.append(entry)
      if (acknowledgeMs > 0) await wait(roll(acknowledgeMs))
      return appended
    },
    publish: (item) => log.publish(item),
    async read(topic, from, bounds) {
      const total = roll(readMs)
      const before = [0, total, roll(total)][Math.floor(random() * 3)]!
      if (before > 0) await wait(before)
      const page = await log.read(topic, from, bounds)
      if (total > before) await wait(total - before)
      return page
    },
    async tail(listener) {
      if (tailMs === 0) return log.tail(listener)
      const lane = inOrder(clock, () => roll(tailMs), listener)
      const tail = await log.tail(lane.push)
      await wait(roll(tailMs))
      return {
        ...tail,
        close() {
          lane.close()
          tail.close()
        },
      }
    },
    close: () => log.close(),
  }
}

/** Passes each item on after a time of its own, and none before one that came earlier. */
function inOrder(clock: Clock, delay: () => number, listener: (item: TailItem) => void) {
  const waiting: { readonly item: TailItem; due: boolean; readonly cancel: () => void }[] = []
  return {
    push(item: TailItem) {
      const place = {
        item,
        due: false,
        cancel: clock.after(delay(), () => {
          place.due = true
          while (waiting[0]?.due) listener(waiting.shift()!.item)
        }),
      }
      waiting.push(place)
    },
    close() {
      for (const { cancel } of waiting) cancel()
      waiting.length = 0
    },
  }
}
