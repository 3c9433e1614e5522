/** Finds the handler of a call, message or stream and runs it, after `join` where the topic was not joined. */
import { ParleyError } from '@parley/shared'
import type { Encoded, Received, Topic, WireParams } from '@parley/shared/internal'
import { asWritten, type Run } from '../core/session.js'
import { type Failure, failure, internal, statusOf } from '../failure.js'
import { shortened, toldIssues } from '../issues.js'
import { answered, type Running } from '../running.js'
import type { RunningStream } from '../stream-run.js'
import type { HandlerTable, HubCore } from './core.js'
import { keyOf } from './run-key.js'
import type { ServerSession } from './session.js'

/** Who asks, at one moment. */
export interface Asking {
  readonly session: ServerSession
  readonly context: unknown
  readonly client: string | undefined
  readonly request?: Request | undefined
}

/** Who asks. */
export interface Caller extends Asking {
  /** Whether `join` has allowed this topic already. */
  hasJoined(topic: Topic): boolean
}

export function startRun(core: HubCore, handlers: HandlerTable, caller: Caller, run: Run): Running {
  return run.kind === 'call'
    ? startCall(core, handlers, caller, run)
    : startMessage(core, handlers, caller, run)
}

function startCall(core: HubCore, handlers: HandlerTable, caller: Caller, run: Run): Running {
  const spec = core.contract.calls.get(run.path)
  const handler = handlers.calls.get(run.path)
  if (core.contract.streams.has(run.path)) {
    const message = `'${run.path}' is a stream: only a client with a connection can ask for it`
    return answered(failure('BAD_REQUEST', message))
  }
  if (!spec || !handler) return answered(failure('NOT_FOUND', `there is no call '${run.path.slice(0, 100)}'`))
  const key = keyOf(caller, run, run.path, spec)
  if (key && 'code' in key) return answered(key)
  return core.dispatch.run({
    kind: 'call',
    path: run.path,
    spec,
    handler,
    topic: undefined,
    input: run.input,
    withinMs: run.withinMs,
    context: caller.context,
    session: caller.session,
    client: caller.client,
    request: caller.request,
    key,
    mayRun: undefined,
  })
}

/** @param yielded Gets each value that the stream was asked for. */
export function startStream(
  core: HubCore,
  handlers: HandlerTable,
  caller: Caller,
  { path, input }: { readonly path: string; readonly input: Received | undefined },
  yielded: (value: Encoded) => void,
): Running | RunningStream {
  const spec = core.contract.streams.get(path)
  const handler = handlers.streams.get(path)
  if (!spec || !handler) return answered(failure('NOT_FOUND', `there is no stream '${path.slice(0, 100)}'`))
  const { context, session, client, request } = caller
  return core.dispatch.stream(
    { path, spec, handler, topic: undefined, input, context, session, client, request },
    yielded,
  )
}

function startMessage(core: HubCore, handlers: HandlerTable, caller: Caller, run: Run): Running {
  const channel = core.contract.channels.get(run.path)
  const spec = channel?.messages.get(run.name)
  const handler = handlers.channels.get(run.path)?.messages.get(run.name)
  const path = `${run.path}.${run.name}`
  if (!channel || !spec || !handler)
    return answered(failure('NOT_FOUND', `there is no message '${path.slice(0, 100)}'`))
  const topic = findTopic(core, run.path, () => core.topics.finder.find(channel, run.params))
  if (!('key' in topic)) return answered(topic)
  // as it is now: a refresh in the meantime must not let a message run with a context that `join` was not asked about
  const asking = asker(caller)
  const key = keyOf(caller, run, path, spec)
  if (key && 'code' in key) return answered(key)
  return core.dispatch.run({
    kind: 'message',
    path,
    spec,
    handler,
    topic,
    input: run.input,
    withinMs: run.withinMs,
    context: asking.context,
    session: asking.session,
    client: asking.client,
    request: asking.request,
    key,
    mayRun: caller.hasJoined(topic) ? undefined : () => allowed(core, handlers, asking, topic),
  })
}

/** Whether `join` lets this caller onto the topic. */
export function allowed(
  core: HubCore,
  handlers: HandlerTable,
  asking: Asking,
  topic: Topic,
): Promise<boolean> {
  const { context, session, request } = asking
  const { path } = topic.spec
  const join = handlers.channels.get(path)?.join
  return core.dispatch.allow({ kind: 'join', path, context, session }, () =>
    join?.({ params: topic.params, context, session, ...(request ? { request } : {}) }),
  )
}

/** What params may be said to be, to whoever sent them; anything else is a bug of the contract, and reported. */
const tellable: ReadonlySet<string> = new Set(['NOT_FOUND', 'VALIDATION', 'TOO_LARGE'])

/** A topic, or why the params name none. */
export function findTopic(core: HubCore, path: string, find: () => Topic): Topic | Failure {
  try {
    return find()
  } catch (error) {
    if (!(error instanceof ParleyError) || !tellable.has(error.code)) {
      const { report, clock } = core.topics
      return internal(error, { path, report, newId: () => clock.secret() }, 'its params could not be checked')
    }
    const { code, message, issues } = error
    const told = shortened(message)
    return { code, message: told, status: statusOf(code), ...(issues ? { issues: toldIssues(issues) } : {}) }
  }
}

function asker({ context, session, client, request }: Caller): Asking {
  return { context, session, client, request }
}

/** Equal for all spellings of one topic; what names no topic is refused when its turn comes. */
export function topicKey(core: HubCore, path: string, params: WireParams | undefined): string {
  const spec = core.contract.channels.get(path)
  try {
    if (spec) return core.topics.finder.find(spec, params).key
  } catch {
    // whoever sent it is told why by the run
  }
  return asWritten(path, params)
}
