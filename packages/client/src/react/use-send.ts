import type { RequestError } from '@parley/shared/internal'
import { useSyncExternalStore } from 'react'
import type { Args, Of, Send, Sent } from '../handles.js'
import { useKeyed } from './keyed.js'
import { createSendStore } from './send-store.js'

/** What {@link useSend} gives. */
export interface UseSend<Message> {
  /**
   * Sends it, as `send` of the channel does. What it rejects with is in `error` too, so its promise may be ignored.
   * The same function in every render.
   */
  readonly send: (...args: Args<Of<Message, 'input'>>) => Sent<Message>
  /** Something sent here waits for its acknowledgement. */
  readonly pending: boolean
  /** How the last send failed; a new one clears it. */
  readonly error: RequestError<Of<Message, 'error'>> | undefined
}

/**
 * Sends one message of a topic, and shows how that goes.
 *
 * @example
 * const { send, pending, error } = useSend(room, 'say')
 * <button disabled={pending} onClick={() => send({ text })}>Say it</button>
 */
export function useSend<Messages, Name extends keyof Messages & string>(
  channel: { readonly send: Send<Messages> },
  name: Name,
): UseSend<Messages[Name]> {
  const store = useKeyed([channel, name], () => {
    // The arguments are typed by the message, which is not known here.
    const send = channel.send as unknown as (name: string, ...args: readonly unknown[]) => unknown
    return createSendStore((...args) => send(name, ...args))
  })
  const { pending, error } = useSyncExternalStore(store.subscribe, store.getSnapshot, store.getSnapshot)
  return { send: store.send, pending, error } as UseSend<Messages[Name]>
}
