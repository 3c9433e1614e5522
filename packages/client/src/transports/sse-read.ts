/**
 * A bounded read: a finite response, for one reader that starts further back than the stream. It is complete when
 * `parley.live` came before its end; a response that just ends was cut, however tidily.
 */
import { type Clock, clientDefaults, type Position } from '@parley/shared/internal'
import type { Fetch, SseEnd, SseRequest } from './sse.js'
import { readSse } from './sse-events.js'
import type { SseMessage } from './sse-message.js'

/** The log was in this epoch as the read was complete; reading has come to `position`. */
interface SseReadEnd {
  readonly type: 'complete'
  readonly epoch: string
  readonly position: Position
}

export interface SseReadEvents {
  message(message: Extract<SseMessage, { type: 'event' | 'gap' }>): void
  ended(end: SseEnd | SseReadEnd): void
}

/** The result lets go of it; nothing is told after that. */
export function boundedRead(
  fetch: Fetch,
  clock: Clock,
  request: SseRequest,
  events: SseReadEvents,
): () => void {
  let complete: SseReadEnd | undefined
  let stopTimer = watch()

  function watch(): () => void {
    return clock.after(clientDefaults.sseSilenceMs, () => {
      letGo()
      events.ended({ type: 'lost' })
    })
  }

  const letGo = readSse(fetch, () => clock.now(), request, {
    heard() {
      stopTimer()
      stopTimer = watch()
    },
    message(message) {
      if (message.type === 'event' || message.type === 'gap') events.message(message)
      else if (message.type === 'live')
        complete = { type: 'complete', epoch: message.epoch, position: message.position }
    },
    ended(end) {
      stopTimer()
      events.ended(complete && end.type === 'lost' ? complete : end)
    },
  })
  return () => {
    stopTimer()
    letGo()
  }
}
