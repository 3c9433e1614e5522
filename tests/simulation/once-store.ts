/** What a log remembers of calls that must not run twice, as it must be: nothing of it is lost. */
import type { Log, OnceRecord, OnceStore } from '@parley/server'

export function onceStore(log: () => Log): OnceStore {
  const records = new Map<string, OnceRecord>()
  return {
    find: async (key) => records.get(key),
    async begin(key, request) {
      const known = records.get(key)
      if (!known) records.set(key, { request })
      return known
    },
    async finish(key, record, _keepMs, emits) {
      records.set(key, record)
      await Promise.all(
        emits.map((emit) => (emit.type === 'entry' ? log().append(emit.entry) : log().publish(emit.item))),
      )
    },
  }
}

/** A log as an object of its own, to be given more. */
export function bound(log: Log): Log {
  return {
    append: (entry) => log.append(entry),
    publish: (item) => log.publish(item),
    read: (topic, from, bounds) => log.read(topic, from, bounds),
    tail: (listener) => log.tail(listener),
    close: () => log.close(),
  }
}
