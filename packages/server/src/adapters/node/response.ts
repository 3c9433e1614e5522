/** A `Response` over a response of Node's. */
import type { ServerResponse } from 'node:http'

/**
 * Sends it, and resolves when it was sent or its client is gone; the body is cancelled then. A chunk is asked for only when
 * the network has taken the one before: what the body still queues is what nobody has taken.
 *
 * @param stalledMs how long a client may take no byte of what is there for it.
 */
export async function sendResponse(
  response: Response,
  res: ServerResponse,
  stalledMs: number,
): Promise<void> {
  const { body, headers, status } = response
  for (const [name, value] of headers) if (name !== 'set-cookie') res.setHeader(name, value)
  const cookies = headers.getSetCookie()
  if (cookies.length > 0) res.setHeader('set-cookie', cookies)
  res.writeHead(status)
  if (!body) {
    res.end()
    return
  }
  const reader = body.getReader()
  let isWaiting = false
  let proceed = (): void => {}
  const letGo = (): void => {
    proceed()
    // whoever made the body knows why it failed
    reader.cancel().then(undefined, () => {})
  }
  const { socket } = res
  const before = socket?.timeout ?? 0
  // in front of Node's own listener, which sets how long the connection may wait for its next request
  res.prependOnceListener('finish', () => socket?.setTimeout(before))
  // Node counts a write of which a part was taken as activity
  res.setTimeout(stalledMs, () => {
    if (isWaiting) res.destroy()
  })
  res.once('close', letGo)
  if (res.destroyed || res.req.method === 'HEAD') letGo()
  else res.flushHeaders()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    isWaiting = true
    await new Promise<void>((resolve) => {
      proceed = resolve
      res.write(value, () => resolve())
    })
    isWaiting = false
  }
  isWaiting = true
  res.end()
}
