/** Decodes an event once for all readers of its topic, which all get the same value. */
import type { Report } from '@parley/shared'
import type { TopicEvent } from '../core/subscription.js'

export type DecodedEvent =
  | { readonly isReadable: true; readonly data: unknown }
  | { readonly isReadable: false }

/**
 * @param decode Throws for a payload that cannot be read, which is reported.
 * @param path The topic's key, for reports.
 */
export function decodeOnce<P>(
  decode: (data: P) => unknown,
  path: string,
  report: (report: Report) => void,
): (event: TopicEvent<P>) => DecodedEvent {
  let last: TopicEvent<P> | undefined
  let decoded: DecodedEvent = { isReadable: false }
  return (event) => {
    if (event === last) return decoded
    last = event
    try {
      decoded = { isReadable: true, data: decode(event.data) }
    } catch (error) {
      decoded = { isReadable: false }
      report({ kind: 'protocol', message: `an event '${event.name}' could not be read`, path, error })
    }
    return decoded
  }
}
