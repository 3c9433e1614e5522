/** Answers requests of Node's as a fetch-style handler says. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Report } from '@parley/shared'
import { limits, printReport, safeReporter } from '@parley/shared/internal'
import { pathOf, toRequest } from './request.js'
import { sendResponse } from './response.js'

/** A handler as every fetch-style server has it. */
export type FetchHandler = (request: Request) => Response | Promise<Response>

export interface NodeListenerOptions {
  /** How long, in ms, a client may take no byte of what is there for it. Default: 30,000. */
  readonly stalledMs?: number
  /** Is told what the handler threw. Default: one line on stderr. */
  readonly onReport?: (report: Report) => void
}

/**
 * Lets a fetch-style handler answer in a `node:http` server: for an emitter without a hub.
 *
 * @example
 * const news = createEmitter(contract, 'news')
 * createServer(nodeListener((request) => news.respond(request))).listen(3000)
 */
export function nodeListener(
  handler: FetchHandler,
  { stalledMs = limits.stalledMs, onReport = printReport }: NodeListenerOptions = {},
): (req: IncomingMessage, res: ServerResponse) => void {
  const answering = { stalledMs, report: safeReporter(onReport) }
  return (req, res) => void answer(req, res, answering, handler)
}

export interface Answering {
  readonly stalledMs: number
  readonly report: (report: Report) => void
}

/** Never rejects: what fails is reported, and the client is told that it did, or cut off. */
export async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  { report, stalledMs }: Answering,
  handler: FetchHandler,
): Promise<void> {
  res.on('error', () => {}) // a client that is gone is told by `close`
  // behind an answer that is not over: Node would not tell that the client is gone before its turn has come
  if (!res.socket) await new Promise((resolve) => res.once('socket', resolve))
  if (res.destroyed) return // it went while the host in front was thinking, and `close` is over
  const gone = new AbortController()
  const failed = (message: string, error: unknown): void => {
    report({ kind: 'handler-failed', path: pathOf(req), message, error })
  }
  let request: Request
  try {
    request = toRequest(req, gone.signal)
  } catch (error) {
    if (error instanceof TypeError) return refuse(res, 400, 'this is no request')
    failed('a request could not be read', error)
    return refuse(res, 500, 'the server could not read this request')
  }
  res.once('close', () => {
    // Node's request follows the signal it was given for as long as somebody holds it: here
    if (!res.writableFinished && !request.signal.aborted) gone.abort()
  })
  try {
    await sendResponse(await handler(request), res, stalledMs)
  } catch (error) {
    failed('a request failed', error)
    if (res.headersSent) res.destroy()
    else refuse(res, 500, 'the server failed to do this')
  }
}

function refuse(res: ServerResponse, status: number, why: string): void {
  res.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(why)
}
