/** A request of Node's as a `Request`. */
import type { IncomingMessage } from 'node:http'
import { ParleyError } from '@parley/shared'

/** The whole address that was asked for, whatever routers of the host have taken off it (Express keeps it there). */
export function targetOf(req: IncomingMessage & { readonly originalUrl?: string }): string {
  return req.originalUrl ?? req.url ?? '/'
}

/** What of it a report may name. A client may write anything there: `*` is no address. */
export const pathOf = (req: IncomingMessage): string => targetOf(req).split('?', 1)[0]!

/**
 * The body is read from the socket only as fast as somebody reads it, and not at all where nobody does.
 *
 * @throws TypeError for what cannot be a `Request`: a `Host` that is none, a method such as TRACE.
 * @throws ParleyError `BAD_OPTIONS` where the body was taken before.
 */
export function toRequest(req: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', headers: given, socket } = req
  const scheme = 'encrypted' in socket ? 'https' : 'http'
  const target = targetOf(req)
  const url = target.startsWith('/') ? `${scheme}://${given.host ?? 'localhost'}${target}` : target
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) {
    for (const one of [value ?? []].flat()) headers.append(name, one)
  }
  const init = { method, headers, signal }
  if (method === 'GET' || method === 'HEAD') return new Request(url, init)
  if (req.readableDidRead) {
    const message = 'the body was read before it came here: mount the router in front of any body parser'
    throw new ParleyError('BAD_OPTIONS', message)
  }
  return new Request(url, { ...init, body: bodyOf(req), duplex: 'half' } as RequestInit)
}

function bodyOf(req: IncomingMessage): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<Uint8Array> | undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        chunks ??= req.iterator({ destroyOnReturn: false })
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await chunks?.return?.()
        req.resume() // the rest is let go by, so that the answer arrives and the connection can be used again
      },
    },
    { highWaterMark: 0 },
  )
}
