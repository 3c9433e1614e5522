/** A log as one server has it over a network: late, out of step, and right all the same. */
import type { Log } from '@parley/server'
import type { Process } from './process.js'

export interface RemoteLogOptions {
  readonly process: Process
  readonly random: () => number
  /** Most ms that each takes, and how likely an append's reply is lost, so that it is sent again. */
  readonly delays: {
    readonly appendMs: number
    readonly readMs: number
    readonly acknowledgeMs: number
    readonly tailMs: number
    readonly lossy: number
  }
  /** How long the log still answers nobody. */
  readonly stalledMs: () => number
  /** Told of each thing that the log does. */
  readonly happened: () => void
}

/** After so long without a reply an append is sent again. */
const retryMs = 700

export function remoteLog(log: Log, options: RemoteLogOptions): Log {
  const { process, random, delays, stalledMs, happened } = options
  const roll = (most: number): number => (most > 0 ? Math.floor(random() * (most + 1)) : 0)
  const late = (most: number): number => roll(most) + stalledMs()
  const requests = inOrder(process, () => late(delays.appendMs))

  /** In the order of all that this server asks for; the answer takes its time, too. */
  const ask = <T>(work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) =>
      requests.push(() => {
        happened()
        work().then((value) => {
          const ms = late(delays.acknowledgeMs)
          if (ms > 0) process.after(ms, () => resolve(value))
          else if (!process.isDead) resolve(value)
        }, reject)
      }),
    )
  const { once } = log

  return {
    ...(once && {
      once: {
        find: (key) => ask(() => once.find(key)),
        begin: (key, request, keepMs) => ask(() => once.begin(key, request, keepMs)),
        finish: (key, record, keepMs, emits) => ask(() => once.finish(key, record, keepMs, emits)),
      },
    }),
    append(entry) {
      return new Promise((resolve, reject) => {
        const attempt = (): void => {
          happened()
          const appended = log.append(entry)
          if (delays.lossy > 0 && random() < delays.lossy) {
            appended.catch(reject)
            process.after(retryMs, attempt)
          } else
            appended.then((position) => {
              const ms = late(delays.acknowledgeMs)
              if (ms > 0) process.after(ms, () => resolve(position))
              else if (!process.isDead) resolve(position)
            }, reject)
        }
        requests.push(attempt)
      })
    },
    // behind the appends that were started before it
    publish: (item) => ask(() => log.publish(item)),
    async read(topic, from, bounds) {
      const total = late(delays.readMs)
      const before = [0, total, roll(total)][Math.floor(random() * 3)]!
      if (before > 0) await process.wait(before)
      happened()
      const page = await log.read(topic, from, bounds)
      if (total > before) await process.wait(total - before)
      return page
    },
    async tail(listener) {
      const lane = inOrder(process, () => late(delays.tailMs))
      const tail = await log.tail((item) => lane.push(() => listener(item)))
      process.onDeath(() => tail.close())
      const ms = late(delays.tailMs)
      if (ms > 0) await process.wait(ms)
      return {
        ...tail,
        close() {
          lane.close()
          tail.close()
        },
      }
    },
    // it belongs to nobody alone
    close: async () => requests.close(),
  }
}

/** Runs each thing after a time of its own, and none before one that came earlier. */
function inOrder(process: Process, delay: () => number) {
  interface Place {
    readonly run: () => void
    isDue: boolean
    cancel: () => void
  }
  let waiting: Place[] = []
  return {
    push(run: () => void): void {
      const ms = delay()
      if (ms === 0 && waiting.length === 0) {
        if (!process.isDead) run()
        return
      }
      const place: Place = { run, isDue: false, cancel: () => {} }
      place.cancel = process.after(ms, () => {
        place.isDue = true
        while (waiting[0]?.isDue) waiting.shift()!.run()
      })
      waiting.push(place)
    },
    close(): void {
      for (const { cancel } of waiting) cancel()
      waiting = []
    },
  }
}
