/** The HTTP side of a router: events, calls, messages, health. The path's prefix was taken off by the adapter. */
import { ParleyError } from '@parley/shared'
import { paramsFromQuery, type Received, type Topic } from '@parley/shared/internal'
import { type Failure, failure, statusOf } from '../failure.js'
import type { Outcome } from '../outcome-text.js'
import type { Running } from '../running.js'
import { urlOf } from './address.js'
import { type Admitted, admit, Refusal } from './admission.js'
import { errorInText, outputResponse, readBody } from './body.js'
import type { HandlerTable } from './core.js'
import { corsHeaders, originRefusal, preflight } from './cors.js'
import type { LiveHub } from './live-hub.js'
import { closing, errorResponse, isClosing, respondAllowed, retryAfterSeconds } from './respond.js'
import { allowed, type Caller, findTopic, startRun } from './run.js'
import { ServerSession } from './session.js'

/** What somebody who guesses an address is told. */
const routes =
  'below it are GET /health, GET /events/{channel}, POST /call/{path} and POST /message/{channel}/{name}'

/** Answers a request whose path begins where this router is mounted; `path` is the rest, such as `/call/rooms.create`. */
export async function handleHttp(
  core: LiveHub,
  handlers: HandlerTable,
  request: Request,
  path: string,
): Promise<Response> {
  const { method } = request
  if (method === 'OPTIONS') return preflight(request, core.allowedOrigins, core.report)
  const headers = corsHeaders(request, core.allowedOrigins)
  headers.set('parley-contract', core.contract.fingerprint)
  const refuse = (error: Failure): Response =>
    errorResponse(error, headers, error.code === 'OVERLOADED' ? retryAfterSeconds : undefined)
  try {
    const route = routeOf(path)
    if (path === '/') {
      headers.set('upgrade', 'websocket')
      return refuse({ ...failure('BAD_REQUEST', `a WebSocket connects here; ${routes}`), status: 426 })
    }
    if (!route) return refuse(failure('NOT_FOUND', `there is nothing at '${path.slice(0, 100)}'; ${routes}`))
    const methods: readonly string[] = route.kind === 'health' ? ['GET', 'HEAD'] : [route.method]
    if (!methods.includes(method)) {
      headers.set('allow', [...methods, 'OPTIONS'].join(', '))
      return refuse({ ...failure('BAD_REQUEST', `this is asked for with ${route.method}`), status: 405 })
    }
    if (route.kind === 'health') return healthResponse(core, headers)
    const refusal = originRefusal(request, core.allowedOrigins, core.report)
    if (refusal !== undefined) return refuse(failure('FORBIDDEN', refusal))
    if (isClosing(core)) return closing(core, headers)
    if (route.kind === 'events') return await events(core, handlers, request, route.path, headers, refuse)
    return await post(core, handlers, request, route, headers, refuse)
  } catch (error) {
    // an upload that breaks off is the end of a request, not a fault
    if (request.signal.aborted) return refuse(failure('ABORTED', 'the caller is gone'))
    const id = core.topics.clock.secret().slice(0, 8)
    core.report({ kind: 'handler-failed', path, id, message: 'a request failed', error })
    return refuse({ ...failure('INTERNAL', 'the server failed to do this'), report: id })
  }
}

type Route =
  | { readonly kind: 'health'; readonly method: 'GET' }
  | { readonly kind: 'events'; readonly method: 'GET'; readonly path: string }
  | { readonly kind: 'call'; readonly method: 'POST'; readonly path: string }
  | { readonly kind: 'message'; readonly method: 'POST'; readonly path: string; readonly name: string }

function routeOf(path: string): Route | undefined {
  const parts = path.split('/').slice(1).map(decode)
  const [kind, first, second] = parts
  if (parts.some((part) => part === undefined)) return undefined
  if (kind === 'health' && parts.length === 1) return { kind, method: 'GET' }
  if (!first) return undefined
  if (kind === 'events' && parts.length === 2) return { kind, method: 'GET', path: first }
  if (kind === 'call' && parts.length === 2) return { kind, method: 'POST', path: first }
  if (kind === 'message' && parts.length === 3 && second)
    return { kind, method: 'POST', path: first, name: second }
  return undefined
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined // a broken escape names nothing
  }
}

type Refuse = (error: Failure) => Response

async function events(
  core: LiveHub,
  handlers: HandlerTable,
  request: Request,
  path: string,
  headers: Headers,
  refuse: Refuse,
): Promise<Response> {
  const spec = core.contract.channels.get(path)
  if (!spec) return refuse(failure('NOT_FOUND', `there is no channel '${path.slice(0, 100)}'`))
  const topic = findTopic(core, path, () => topicFromQuery(core, path, request))
  if (!('key' in topic)) return refuse(topic)
  const asked = core.endings.now
  const caller = await enter(core, request, 'sse')
  if (caller instanceof Refusal) return refuse(failure(caller.code, caller.why))
  if (!(await allowed(core, handlers, caller, topic)))
    return refuse(failure('FORBIDDEN', 'not allowed on this topic'))
  const { member, expiresAtMs } = caller.session
  const reading = {
    ...(member === undefined ? {} : { member }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    refused: () => {
      const ending = core.endings.since(asked, member, topic.key)
      if (!ending) return undefined
      const { code, message } = ending
      return { code, message, status: code === 'CLOSED' ? 410 : statusOf(code) }
    },
  }
  return respondAllowed(core, topic, request, reading, headers)
}

async function post(
  core: LiveHub,
  handlers: HandlerTable,
  request: Request,
  route: Extract<Route, { method: 'POST' }>,
  headers: Headers,
  refuse: Refuse,
): Promise<Response> {
  const { refusal } = await core.contracts.check(request.headers.get('parley-contract'), route.path)
  if (refusal !== undefined) return refuse(failure('CONTRACT_MISMATCH', refusal))
  const body = await readBody(request, core.topics.limits)
  if ('failure' in body) return refuse(body.failure)
  const within = request.headers.get('parley-within') ?? '0'
  if (!/^[0-9]{1,9}$/.test(within))
    return refuse(failure('BAD_REQUEST', 'Parley-Within is a whole number of ms'))
  const topic =
    route.kind === 'message'
      ? findTopic(core, route.path, () => topicFromQuery(core, route.path, request))
      : undefined
  if (topic && !('key' in topic)) return refuse(topic)
  const caller = await enter(core, request, 'http')
  if (caller instanceof Refusal) return refuse(failure(caller.code, caller.why))
  const running = startRun(core, handlers, caller, {
    id: 1,
    kind: route.kind,
    path: route.path,
    params: topic?.params,
    name: route.kind === 'message' ? route.name : '',
    withinMs: Number(within),
    input: body.value,
  })
  core.draining.posts.add(running)
  const outcome = await untilAborted(running, request.signal)
  core.draining.posts.delete(running)
  const { codec } = core.topics
  return outcome.failure
    ? refuse(errorInText(request, outcome.failure, codec))
    : outputResponse(request, outcome.output, codec, headers)
}

function topicFromQuery(core: LiveHub, path: string, request: Request): Topic {
  const spec = core.contract.channels.get(path)
  if (!spec) throw new ParleyError('NOT_FOUND', `there is no channel '${path.slice(0, 100)}'`)
  return paramsFromQuery(spec, urlOf(request).searchParams, core.topics.limits.topicKeyBytes)
}

/** Asks the application about one request. */
async function enter(
  core: LiveHub,
  request: Request,
  transport: 'sse' | 'http',
): Promise<(Caller & { session: ServerSession }) | Refusal> {
  const { clock } = core.topics
  if (!core.handshakes.take(clock.now())) return new Refusal('OVERLOADED', 'too many requests come at once')
  const session = new ServerSession(clock, transport)
  const admitted = await admit(core, bearer(request), session, request)
  if (admitted instanceof Refusal) return admitted
  session.belongTo(admitted.member)
  const { context } = admitted
  return { session, context, client: clientOf(core, request, admitted), request, hasJoined: () => false }
}

function bearer(request: Request): Received | undefined {
  const token = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  return token === undefined ? undefined : { json: token }
}

/** The client id is a secret of its client: it counts only where a session of the same member has it. */
function clientOf(core: LiveHub, request: Request, { member }: Admitted): string | undefined {
  const client = request.headers.get('parley-client')
  if (client === null || member === undefined) return undefined
  return core.sessions.ofClient(client)?.member === member ? client : undefined
}

async function untilAborted(running: Running, signal: AbortSignal): Promise<Outcome> {
  const abort = (): void => running.abort()
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await running.outcome
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Whether the server takes clients, for whoever sends them. */
export function healthOf(core: LiveHub): { readonly status: 'ok' | 'closing' } {
  return { status: isClosing(core) ? 'closing' : 'ok' }
}

function healthResponse(core: LiveHub, headers: Headers): Response {
  headers.set('content-type', 'application/json')
  headers.set('cache-control', 'no-store')
  const health = healthOf(core)
  return new Response(JSON.stringify(health), { status: health.status === 'ok' ? 200 : 503, headers })
}
