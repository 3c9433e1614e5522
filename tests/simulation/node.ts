/** One server of a world: the real hub and router in a process that may die, with handlers that do what each request's plan says. */
import { createRouter, type Log } from '@parley/server'
import { createHubWith, insideOf, type RouterInside } from '@parley/server/internal'
import { ParleyError, type Report } from '@parley/shared'
import { topicOf } from '@parley/shared/internal'
import { z } from 'zod'
import type { Ask } from './ask.js'
import type { Asks } from './asks.js'
import type { Attendance } from './attendance.js'
import type { Members } from './attendance-check.js'
import type { WorldContract } from './contract.js'
import type { Journal } from './journal.js'
import type { Host } from './line.js'
import type { Process } from './process.js'
import type { LogRecord } from './record.js'
import { acceptSockets, type Sockets } from './sockets.js'
import { endOf, ownerOf } from './token.js'
import type { Weather } from './weather.js'

export interface NodeOptions {
  readonly process: Process
  readonly journal: Journal
  readonly contract: WorldContract
  readonly weather: Weather
  readonly log: Log
  readonly record: LogRecord
  readonly asks: Asks
  readonly attendance: Attendance
  /** True time: tokens are dated by it. */
  readonly trueNow: () => number
  /** The next event's number. */
  readonly newEvent: () => number
  /** Whether what the log passes on is later just now than a server can tell from lost. */
  readonly isLogLate: () => boolean
}

export interface WorldNode extends Host {
  readonly sockets: Sockets
  readonly inside: RouterInside
  inspect(): Readonly<Record<string, number>>
  /** Emits from outside of any handler. */
  emit(id: string, name: EventName): { readonly n: number; readonly position: Promise<string> }
  /** Who is in a hall. */
  members(hall: string): Promise<Members>
  /** Takes a member out of a hall. */
  kick(hall: string, member: string): void
  /** Ends all that a member has here. */
  disconnect(member: string): void
  /** Lets its clients go to another one, and what runs finish. */
  drain(): Promise<unknown>
  close(): Promise<void>
}

export type EventName = 'said' | 'noted' | 'hint'

/** The key of a room's topic. */
export function keyOf(contract: WorldContract, id: string): string {
  const key = keys.get(id) ?? topicOf(contract.channels.get('room')!, { id }).key
  keys.set(id, key)
  return key
}

/** The same in every world. */
const keys = new Map<string, string>()

/** Where the servers of a world are, for whoever asks by HTTP. */
export const origin = 'http://parley.test'
const path = '/realtime'
/** How long a server may take to let its clients go. */
const drainMs = 15_000

/** What a server may say of a world that is as rough as it should be; its streams do not heed their signals. */
const expected: readonly Report['kind'][] = ['handler-failed', 'refused', 'stream-stuck', 'contract']

/** What a handler emits with. */
interface Emitters {
  emit(name: 'said' | 'noted', data: { n: number }): Promise<unknown>
  readonly others?: Pick<Emitters, 'emit'>
}

export function startNode(options: NodeOptions): WorldNode {
  const { process, journal, contract, weather, log, record, asks, attendance, trueNow, newEvent, isLogLate } =
    options
  const { mood, pad } = weather
  const dawdle = async (): Promise<void> => {
    if (mood.slowMs > 0) await process.wait(process.random() * mood.slowMs)
  }
  /** @param as who emits it, in an order that the log keeps; undefined for a volatile one. */
  const payload = (as: string | undefined, but?: string) => {
    const n = newEvent()
    if (as !== undefined) record.emits(n, as)
    return {
      n,
      tag: 'some',
      ...(but === undefined ? {} : { but }),
      ...(pad > 0 ? { pad: 'x'.repeat(pad) } : {}),
    }
  }

  const hub = createHubWith(
    contract,
    {
      auth: z.string(),
      context: async ({ auth, session }) => {
        await dawdle()
        if (process.random() < mood.context) throw new ParleyError('OVERLOADED', 'not now')
        const leftMs = (endOf(auth) ?? Number.POSITIVE_INFINITY) - trueNow()
        if (leftMs <= 0) throw new ParleyError('UNAUTHENTICATED', 'the token has expired')
        if (leftMs < Number.POSITIVE_INFINITY) session.expiresAt(new Date(process.now() + leftMs))
        return ownerOf(auth)
      },
      identify: ({ member }) => member,
      log,
      limits: { queuedBytes: weather.queuedBytes, callsInFlight: weather.callsInFlight },
      onReport({ kind, message, error }) {
        journal.note(() => `${process.name} reports: ${kind} ${message} ${error ?? ''}`)
        const isSo = expected.includes(kind) || (kind === 'tail-lost' && isLogLate())
        if (!isSo) journal.fault('quiet', `${process.name} reports ${kind}: ${message}`)
      },
    },
    process,
  )

  async function carryOut(
    ask: Ask,
    emitters: Emitters | undefined,
    declare: () => ParleyError,
  ): Promise<{ k: number }> {
    const { k, plan } = ask
    try {
      for (const act of plan.acts) {
        if (act.type === 'wait') await process.wait(act.ms)
        else if (emitters) {
          const { others } = emitters
          const toOthers = act.toOthers && others !== undefined
          // what a call with `once` emits is stored with its outcome, whatever else was emitted meanwhile
          const as = ask.kind === 'buy' ? `${process.name} for ${k}` : process.name
          const data = payload(as, toOthers ? ask.client : undefined)
          const stored = (toOthers ? others : emitters).emit(act.name, data)
          ask.emitted.push(data.n)
          if (act.isAwaited) await stored
        }
      }
    } catch (error) {
      // its run is over: what it emits is refused
      ask.ended = 'threw'
      throw error
    }
    ask.ended = { returns: 'returned', declares: 'declared', throws: 'threw' }[plan.end] as Ask['ended']
    if (plan.end === 'declares') throw declare()
    if (plan.end === 'throws') throw new Error(`the handler of ${k} throws`)
    return { k }
  }

  const unplanned = (): ParleyError => new ParleyError('CONFLICT', 'not planned')
  const router = createRouter(hub, {
    room: {
      join: async () => {
        await dawdle()
        return process.random() >= mood.join
      },
      messages: {
        say: ({ input, params, context, signal, emit, others, errors }) => {
          const run = { ...context, topic: keyOf(contract, params.id), signal, process }
          return carryOut(asks.started(input.k, run), { emit, others }, () => errors.MUTED({ k: input.k }))
        },
        react: ({ input, params, context, signal, emit, others }) => {
          const run = { ...context, topic: keyOf(contract, params.id), signal, process }
          return carryOut(asks.started(input.k, run), { emit, others }, unplanned)
        },
        hint: ({ context, others }) => others.emit('hint', payload(undefined, context.client)),
      },
    },
    hall: {
      join: async () => {
        await dawdle()
        return process.random() >= mood.join
      },
      presence: async ({ params, context, wanted }) => {
        const letBeShown = attendance.asked(process, params.id, context.client)
        await dawdle()
        const v = wanted?.v ?? 0
        if (v < 0 || process.random() < mood.presence) throw new ParleyError('FORBIDDEN', 'not like that')
        letBeShown?.(v)
        const { pad } = wanted ?? {}
        return { who: context.client, at: process.name, v, ...(pad === undefined ? {} : { pad }) }
      },
    },
    pay: ({ input, context, signal, errors }) => {
      const run = { ...context, topic: undefined, signal, process }
      return carryOut(asks.started(input.k, run), undefined, () => errors.BROKE({ k: input.k }))
    },
    look: ({ input, context, signal }) => {
      const run = { ...context, topic: undefined, signal, process }
      return carryOut(asks.started(input.k, run), undefined, unplanned)
    },
    buy: ({ input, context, signal, errors, topics }) => {
      const ask = asks.started(input.k, { ...context, topic: undefined, signal, process })
      return carryOut(ask, topics.room({ id: ask.room }), () => errors.BROKE({ k: input.k }))
    },
    count: async function* ({ input, context, signal, errors }) {
      const ask = asks.started(input.k, { ...context, topic: undefined, signal, process })
      const { values, everyMs } = ask.plan
      try {
        while (ask.yielded < values) {
          if (everyMs > 0 && !mood.isCalm) await process.wait(everyMs)
          ask.yielded++
          yield { seq: ask.yielded }
        }
        return await carryOut(ask, undefined, () => errors.BROKE({ k: input.k }))
      } finally {
        ask.ended ??= 'threw'
      }
    },
  })
  const inside = insideOf(router)
  const sockets = acceptSockets(inside, weather.sockets, attendance.edgeOf(process))

  return {
    process,
    accept: sockets.accept,
    sockets,
    inside,
    fetch: (request) => inside.fetch(request, new URL(request.url).pathname.slice(path.length)),
    inspect: () => ({ ...router.inspect() }),
    emit(id, name) {
      const data = payload(name === 'hint' ? undefined : process.name)
      return { n: data.n, position: hub.channel.room({ id }).emit(name, data) }
    },
    members: (id) => hub.channel.hall({ id }).members(),
    kick(id, member) {
      void hub.channel.hall({ id }).kick(member)
      attendance.kicked(process, id, member)
    },
    disconnect(member) {
      router.disconnect({ member })
      attendance.disconnected(process, member)
    },
    drain: () => router.drain({ within: drainMs }),
    close: () => hub.close(),
  }
}
