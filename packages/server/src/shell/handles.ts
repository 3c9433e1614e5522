/** The objects behind the types of handles.ts: what emits on a topic, and trees of them. */
import { ParleyError } from '@parley/shared'
import { type ChannelSpec, formatPosition, type Topic } from '@parley/shared/internal'
import type { TopicFinder } from '../topics/topic-finder.js'
import type { HubCore } from './core.js'
import { type Reading, respond, type SseHost } from './respond.js'
import { ServerSession } from './session.js'

interface EmitOptions {
  readonly id?: string
}

interface RespondOptions {
  readonly member?: string
  readonly expiresAt?: Date | number
}

/** What emits on one topic, for a hub and for an emitter. */
export function topicEmitter(host: SseHost, topic: Topic): object {
  return {
    emit(name: string, data: unknown, { id }: EmitOptions = {}): Promise<string> {
      const position = host.topics
        .emit(topic, name, data, id === undefined ? {} : { id })
        .then(formatPosition)
      // whoever ignores the promise must not be met by an unhandled rejection
      position.catch((error: unknown) =>
        host.topics.report({
          kind: 'emit-failed',
          path: topic.key,
          message: `'${name}' could not be stored`,
          error,
        }),
      )
      return position
    },
    respond: async (request: Request, options: RespondOptions = {}): Promise<Response> =>
      respond(host, topic, request, reading(host, options)),
  }
}

function reading(host: SseHost, { member, expiresAt }: RespondOptions): Reading {
  const session = new ServerSession(host.topics.clock, 'sse')
  if (expiresAt !== undefined) session.expiresAt(expiresAt)
  const { expiresAtMs } = session
  return {
    ...(member === undefined ? {} : { member }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  }
}

/** On each topic of a hub: that hub, whose log its positions are of. */
const home = Symbol('hub')

export function isTopicOf(core: HubCore, topic: unknown): boolean {
  return typeof topic === 'object' && topic !== null && home in topic && topic[home] === core
}

/** A topic of a hub: it can also end subscriptions. */
export function hubTopic(core: HubCore, topic: Topic): object {
  const end = (code: string, message: string, whose?: string): void => {
    core.endings.add({
      topicKey: topic.key,
      code,
      message,
      ...(whose === undefined ? {} : { member: whose }),
    })
    const shown = whose === undefined ? [] : core.presences.clientsOf(topic.key, whose)
    for (const connection of [...core.connections]) {
      const { member, client } = connection
      // a client of nobody is shown as a member of its own
      const isMember =
        member === undefined ? client !== undefined && shown.includes(client) : member === whose
      if (whose === undefined || isMember) connection.endTopic(topic.key, code, message)
    }
    // those, too, whose connection is away
    core.presences.kick(topic.key, whose)
    for (const sse of [...core.sse]) {
      if (sse.topic.key === topic.key && (whose === undefined || sse.member === whose))
        sse.refuse(code, message)
    }
  }
  return {
    ...topicEmitter(core, topic),
    [home]: core,
    ...(topic.spec.presence ? { members: async () => members(core, topic) } : {}),
    inspect: () => inspectTopic(core, topic),
    kick: async (member: string, reason = 'removed from this topic') => end('FORBIDDEN', reason, member),
    close: async (reason = 'this topic was closed') => end('CLOSED', reason),
  }
}

/** By member, in the order in which they came. */
function members({ presences, topics: { codec } }: HubCore, topic: Topic): object[] {
  const byMember = new Map<string, object[]>()
  for (const { member, entry, since, state } of presences.on(topic.key)) {
    const entries = byMember.get(member) ?? []
    byMember.set(member, entries)
    entries.push({ entry, state: codec.decode(codec.received(state)), since })
  }
  return [...byMember].map(([member, entries]) => ({ member, entries }))
}

function inspectTopic(host: SseHost, topic: Topic): object {
  const sse = [...host.sse].filter((one) => one.topic.key === topic.key)
  return {
    topics: host.topics.readersOf(topic) > 0 ? 1 : 0,
    readers: host.topics.readersOf(topic),
    timers: sse.length,
    queuedBytes: sse.reduce((sum, one) => sum + one.queued(), 0),
  }
}

/** A handle for a channel: the topic itself, or a function from params to it. */
export function channelHandle<Handle>(
  spec: ChannelSpec,
  finder: TopicFinder,
  make: (topic: Topic) => Handle,
): unknown {
  return spec.params
    ? (params: unknown) => make(finder.find(spec, params))
    : make(finder.find(spec, undefined))
}

/** The tree of a contract with something for each of its channels; branches without one are left out. */
export function channelTree(
  channels: ReadonlyMap<string, ChannelSpec>,
  make: (spec: ChannelSpec) => unknown,
): Record<string, unknown> {
  const root: Record<string, unknown> = Object.create(null)
  for (const [path, spec] of channels) {
    const names = path.split('.')
    const last = names.pop()
    if (last === undefined) throw new ParleyError('BAD_CONTRACT', 'a channel without a name')
    let branch = root
    for (const name of names) {
      branch[name] ??= Object.create(null)
      branch = branch[name] as Record<string, unknown>
    }
    branch[last] = make(spec)
  }
  return root
}
