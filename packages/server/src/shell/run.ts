/** Finds the handler of a call or message and runs it, after `join` where the topic was not joined. */
import { ParleyError } from '@parley/shared'
import { type Topic, topicOf } from '@parley/shared/internal'
import type { Run } from '../core/session.js'
import type { Outcome, Running } from '../dispatch.js'
import { type Failure, failure, statusOf } from '../failure.js'
import type { HandlerTable, HubCore } from './core.js'
import type { ServerSession } from './session.js'

/** Who asks. */
export interface Caller {
  readonly session: ServerSession
  readonly context: unknown
  readonly client: string | undefined
  readonly request?: Request
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
  if (!spec || !handler) return answered(failure('NOT_FOUND', `there is no call '${run.path.slice(0, 100)}'`))
  return core.dispatch.run({
    kind: 'call',
    path: run.path,
    spec,
    handler,
    topic: undefined,
    input: run.input,
    withinMs: run.withinMs,
    ...asker(caller),
  })
}

function startMessage(core: HubCore, handlers: HandlerTable, caller: Caller, run: Run): Running {
  const channel = core.contract.channels.get(run.path)
  const spec = channel?.messages.get(run.name)
  const handler = handlers.channels.get(run.path)?.messages.get(run.name)
  const path = `${run.path}.${run.name}`
  if (!channel || !spec || !handler)
    return answered(failure('NOT_FOUND', `there is no message '${path.slice(0, 100)}'`))
  const topic = findTopic(() => topicOf(channel, run.params, core.topics.limits.topicKeyBytes))
  if (!('key' in topic)) return answered(topic)
  const start = (): Running =>
    core.dispatch.run({
      kind: 'message',
      path,
      spec,
      handler,
      topic,
      input: run.input,
      withinMs: run.withinMs,
      ...asker(caller),
    })
  if (caller.hasJoined(topic)) return start()
  return afterJoin(allowed(core, handlers, caller, topic), start)
}

/** Whether `join` lets this caller onto the topic. */
export function allowed(
  core: HubCore,
  handlers: HandlerTable,
  caller: Caller,
  topic: Topic,
): Promise<boolean> {
  const { context, session } = caller
  const { path } = topic.spec
  const join = handlers.channels.get(path)?.join
  return core.dispatch.allow({ kind: 'join', path, context, session }, () =>
    join?.({ params: topic.params, context, session }),
  )
}

/** A topic, or why the params name none. */
export function findTopic(find: () => Topic): Topic | Failure {
  try {
    return find()
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error
    const { code, message, issues } = error
    return { code, message, status: statusOf(code), ...(issues ? { issues } : {}) }
  }
}

function asker({ context, session, client, request }: Caller): {
  context: unknown
  session: ServerSession
  client: string | undefined
  request?: Request
} {
  return { context, session, client, ...(request ? { request } : {}) }
}

function answered(error: Failure): Running {
  return { outcome: Promise.resolve({ failure: error }), abort: () => {} }
}

/** A run that begins once its `join` was asked, and can be given up before. */
function afterJoin(joining: Promise<boolean>, start: () => Running): Running {
  let running: Running | undefined
  let aborted = false
  const outcome = joining.then((may): Outcome | Promise<Outcome> => {
    if (aborted) return { failure: failure('ABORTED', 'given up before it ran') }
    if (!may) return { failure: failure('FORBIDDEN', 'not allowed on this topic') }
    running = start()
    return running.outcome
  })
  return {
    outcome,
    abort() {
      aborted = true
      running?.abort()
    },
  }
}
