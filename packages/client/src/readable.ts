/** Makes the reading half of a handle from what a transport feeds. */
import { ParleyError } from '@parley/shared'
import type { ChannelSpec } from '@parley/shared/internal'
import type { EventsOptions, ReadingHalf, ReadOptions, TopicItem } from './reading-half.js'
import type { Reading } from './shell/reading.js'
import type { ReadEvent } from './shell/sink.js'

/** Events of any channel; a handle's own type tells them apart. */
type AnyEvents = { readonly [name: string]: unknown }

/** What may make a reader impossible; each throws what does. */
export interface ReadingChecks {
  /** Called before each new reader: everything may have been closed. */
  read?(): void
  /** Called, too, before each that somebody waits for: nothing may ever come. */
  wait?(): void
}

export function readable<P>(
  reading: Reading<P>,
  { path, events }: ChannelSpec,
  checks: ReadingChecks,
): ReadingHalf<AnyEvents, true> {
  const check = (): void => checks.read?.()
  const checkWait = (): void => {
    check()
    checks.wait?.()
  }
  const pass = (item: ReadEvent): TopicItem<AnyEvents, true> => item
  return {
    '~surroundings': reading.surroundings,
    on(name, listener, { from }: ReadOptions = {}) {
      check()
      if (!events.has(name)) {
        const known = [...events.keys()].join(', ') || 'none'
        throw new ParleyError('NOT_FOUND', `'${path}' has no event '${name}'; it has ${known}`)
      }
      return reading.on(name, listener, from)
    },
    events({ from, signal }: EventsOptions = {}) {
      checkWait()
      return reading.events(from, signal, checkWait) // the loop may begin much later
    },
    read(listener, { from, failed } = {}) {
      check()
      return reading.read(from, {
        event: (event) => void listener(pass(event)),
        gap: (gap) => void listener({ gap }),
        failed: (error) => void failed?.(error),
      })
    },
    onGap: (listener) => reading.onGap(listener),
    status: reading.status,
    async ready() {
      checkWait()
      return reading.ready()
    },
  }
}
