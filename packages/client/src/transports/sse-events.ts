/** One response of an SSE route. */
import { Fault } from '@parley/shared/internal'
import { type Fetch, readStream, type SseEnd, type SseRequest, type StreamEvents } from './sse.js'
import { readSseBlock, type SseMessage } from './sse-message.js'

export interface SseEvents extends Omit<StreamEvents, 'block'> {
  message(message: SseMessage): void
}

/** Asks for a response and reads it to its end. The result lets go of it at once: nothing is told after that. */
export function readSse(fetch: Fetch, now: () => number, request: SseRequest, events: SseEvents): () => void {
  return readStream(fetch, now, request, {
    ...events,
    block(block): SseEnd | Fault | undefined {
      const message = readSseBlock(block)
      if (message instanceof Fault) return message
      if (message.type === 'end') {
        const { code, message: why } = message
        return { type: 'refused', code, message: why, isTold: true }
      }
      events.message(message)
      return undefined
    },
  })
}
