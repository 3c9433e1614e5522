/** Answers a request of Node's as a fetch-style handler says. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HubCore } from '../../shell/core.js'
import { toRequest } from './request.js'
import { sendResponse } from './response.js'

/** Never rejects: what fails is reported, and the client is told that it did, or cut off. */
export async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  { report, topics }: Pick<HubCore, 'report' | 'topics'>,
  handler: (request: Request) => Response | Promise<Response>,
): Promise<void> {
  res.on('error', () => {}) // a client that is gone is told by `close`
  const gone = new AbortController()
  let request: Request
  try {
    request = toRequest(req, gone.signal)
  } catch (error) {
    if (error instanceof TypeError) return refuse(res, 400, 'this is no request')
    report({ kind: 'handler-failed', path: req.url ?? '', message: 'a request could not be read', error })
    return refuse(res, 500, 'the server could not read this request')
  }
  res.once('close', () => {
    // Node's request follows the signal it was given for as long as somebody holds it: here
    if (!res.writableFinished && !request.signal.aborted) gone.abort()
  })
  try {
    await sendResponse(await handler(request), res, topics.limits.stalledMs)
  } catch (error) {
    report({ kind: 'handler-failed', path: req.url ?? '', message: 'a request failed', error })
    if (res.headersSent) res.destroy()
    else refuse(res, 500, 'the server failed to do this')
  }
}

function refuse(res: ServerResponse, status: number, why: string): void {
  res.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(why)
}
