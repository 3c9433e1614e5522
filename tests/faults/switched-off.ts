/**
 * Parts of the product that can be switched off, so that a test shows what it would count without them. `dedup`: what
 * knows again what was there before; `replay`: what gives again what may have been lost.
 */
import type { Log, OnceStore } from '@parley/server'
import { bugNamed, type Change } from '../simulation/plant.js'
import { withoutReplay } from '../support/without-replay.js'

export type SwitchedOff = 'dedup' | 'replay'

/** Beyond what the protocol asks for: a client that comes back asks for some of what it has as well. */
const askingForMore: Change = {
  name: 'asking for more',
  file: 'packages/client/src/core/subscription.ts',
  snippet: "return [{ type: 'subscribe', from: this.#asked }]",
  replacement:
    "return [{ type: 'subscribe', from: this.#at ? { ...this.#at, offset: Math.max(0, this.#at.offset - 3) } : this.#asked }]",
}

const deliveringAgain: Change = {
  name: 'delivering again',
  file: 'packages/client/src/core/reader.ts',
  snippet: 'if (covers(this.#position, event.position)) return []',
  replacement: '',
}

const sendingOnce: Change = {
  name: 'sending once',
  file: 'packages/client/src/core/outbox.ts',
  snippet: 'outputs.push(...this.#flush(now, resumed))',
  replacement: 'outputs.push(...this.#flush(now, false))',
}

export const changesOfClient: Readonly<Record<SwitchedOff, readonly Change[]>> = {
  dedup: [askingForMore, deliveringAgain],
  replay: [sendingOnce],
}

export const changesOfServer: Readonly<Record<SwitchedOff, readonly Change[]>> = {
  dedup: [bugNamed('window-dropped-on-take-over'), bugNamed('take-over-while-it-runs')],
  replay: [],
}

/** The log of a server without one of them. */
export function logWithout(off: SwitchedOff, log: Log): Log {
  if (off === 'replay') return { ...withoutReplay(log), once: log.once as OnceStore }
  const once = log.once as OnceStore
  return {
    append: (entry) => log.append(entry),
    publish: (item) => log.publish(item),
    tail: (listener) => log.tail(listener),
    close: () => log.close(),
    read: (topic, from, bounds) => log.read(topic, from, bounds),
    once: {
      find: async () => undefined,
      async begin(key, request, keepMs) {
        await once.begin(key, request, keepMs)
        return undefined
      },
      finish: (key, record, keepMs, emits) => once.finish(key, record, keepMs, emits),
    },
  }
}
