import { memoryLog } from '../src/index.js'
import type { Log, OnceRecord } from '../src/logs/log.js'
import type { MemoryLogOptions } from '../src/logs/memory.js'

/** A log that remembers what ran, in memory: what a test restarts is the hub, over the same log. */
export interface OnceLog {
  readonly log: Log
  /** By key: what is known. */
  readonly records: Map<string, OnceRecord>
  /** How long the newest record is kept. */
  keptMs: number
  /** Awaited before the step takes effect: a test can stop there, or let it fail. */
  before: { begin?: () => Promise<void>; finish?: () => Promise<void> }
}

export function onceLog(options: MemoryLogOptions): OnceLog {
  const memory = memoryLog(options)
  const records = new Map<string, OnceRecord>()
  const open: OnceLog = {
    records,
    keptMs: 0,
    before: {},
    log: {
      append: (entry) => memory.append(entry),
      publish: (item) => memory.publish(item),
      read: (topic, from, bounds) => memory.read(topic, from, bounds),
      tail: (listener) => memory.tail(listener),
      close: async () => {}, // a restart goes on with it
      once: {
        find: async (key) => records.get(key),
        async begin(key, request, keepMs) {
          await open.before.begin?.()
          const known = records.get(key)
          if (!known) records.set(key, { request })
          open.keptMs = keepMs
          return known
        },
        async finish(key, record, keepMs, emits) {
          await open.before.finish?.()
          records.set(key, record)
          open.keptMs = keepMs
          for (const emit of emits) {
            if (emit.type === 'entry') await memory.append(emit.entry)
            else await memory.publish(emit.item)
          }
        },
      },
    },
  }
  return open
}
