/** Makes the reading half of a handle from what a transport feeds. */
import { ParleyError } from '@parley/shared'
import type { ChannelSpec } from '@parley/shared/internal'
import type { EventsOptions, ReadingHalf, ReadOptions, TopicItem } from './reading-half.js'
import type { ReadEvent, Reading } from './shell/reading.js'

/** Events of any channel; a handle's own type tells them apart. */
type AnyEvents = { readonly [name: string]: unknown }

/**
 * @param check Called before each new reader; throws what makes it impossible, as that everything was closed.
 * @param checkWait Called before each that somebody waits for; throws where nothing would ever come.
 */
export function readable<P>(
  reading: Reading<P>,
  { path, events }: ChannelSpec,
  check: () => void = () => {},
  checkWait: () => void = check,
): ReadingHalf<AnyEvents, true> {
  const pass = (item: ReadEvent): TopicItem<AnyEvents, true> => item
  return {
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
      return reading.events(from, signal)
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
