/** The server of a world: the real hub and router, with handlers that do what each request's plan says. */
import { createRouter, type Log } from '@parley/server'
import { createHubWith, insideOf, type RouterInside } from '@parley/server/internal'
import { ParleyError } from '@parley/shared'
import { topicOf } from '@parley/shared/internal'
import type { VirtualClock } from '@parley/shared/testing'
import { z } from 'zod'
import type { Ask, Asks } from './asks.js'
import type { WorldContract } from './contract.js'
import type { Journal } from './journal.js'
import type { Weather } from './weather.js'

export interface ServerOptions {
  readonly clock: VirtualClock
  readonly journal: Journal
  readonly contract: WorldContract
  readonly weather: Weather
  readonly log: Log
  readonly asks: Asks
  /** The next event's number. */
  readonly newEvent: () => number
}

export type WorldServer = ReturnType<typeof startServer>

export function startServer({ clock, journal, contract, weather, log, asks, newEvent }: ServerOptions) {
  const { mood, pad } = weather
  const wait = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve))
  const dawdle = async (): Promise<void> => {
    if (mood.slowMs > 0) await wait(clock.random() * mood.slowMs)
  }
  const payload = (but?: string) => ({
    n: newEvent(),
    ...(but === undefined ? {} : { but }),
    ...(pad > 0 ? { pad: 'x'.repeat(pad) } : {}),
  })
  const room = contract.channels.get('room')!
  const keyOf = (id: string): string => topicOf(room, { id }).key

  const hub = createHubWith(
    contract,
    {
      auth: z.string(),
      context: async ({ auth, session }) => {
        await dawdle()
        if (clock.random() < mood.context) throw new ParleyError('OVERLOADED', 'not now')
        if (weather.expiresMs > 0) session.expiresAt(new Date(clock.now() + weather.expiresMs))
        return { client: auth }
      },
      identify: ({ client }) => client,
      log,
      limits: { queuedBytes: weather.queuedBytes, callsInFlight: weather.callsInFlight },
      onReport({ kind, message, error }) {
        journal.note(`server reports: ${kind} ${message} ${error ?? ''}`)
        if (kind !== 'handler-failed' && kind !== 'refused')
          journal.fault(`the server reports ${kind}: ${message}`)
      },
    },
    clock,
  )

  interface Emitters {
    emit(name: 'said' | 'noted', data: ReturnType<typeof payload>): Promise<string>
    readonly others: Emitters | { emit: Emitters['emit'] }
  }

  async function carryOut(
    ask: Ask,
    emitters: Emitters | undefined,
    declare: () => ParleyError,
  ): Promise<{ k: number }> {
    const { k, plan } = ask
    try {
      for (const act of plan.acts) {
        if (act.type === 'wait') await wait(act.ms)
        else if (emitters) {
          const data = payload(act.toOthers ? ask.client : undefined)
          const stored = (act.toOthers ? emitters.others : emitters).emit(act.name, data)
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

  const router = createRouter(hub, {
    room: {
      join: async () => {
        await dawdle()
        return clock.random() >= mood.join
      },
      messages: {
        say: ({ input, params, context, signal, emit, others, errors }) => {
          const ask = asks.started(input.k, context.client, keyOf(params.id), signal)
          journal.note(`server: say ${ask.k} runs`)
          return carryOut(ask, { emit, others }, () => errors.MUTED({ k: ask.k }))
        },
        react: ({ input, params, context, signal, emit, others }) => {
          const ask = asks.started(input.k, context.client, keyOf(params.id), signal)
          journal.note(`server: react ${ask.k} runs`)
          return carryOut(ask, { emit, others }, () => new ParleyError('CONFLICT', 'not planned'))
        },
        hint: ({ context, others }) => others.emit('hint', payload(context.client)),
      },
    },
    pay: ({ input, context, signal, errors }) => {
      const ask = asks.started(input.k, context.client, undefined, signal)
      journal.note(`server: pay ${ask.k} runs`)
      return carryOut(ask, undefined, () => errors.BROKE({ k: ask.k }))
    },
    look: ({ input, context, signal }) => {
      const ask = asks.started(input.k, context.client, undefined, signal)
      return carryOut(ask, undefined, () => new ParleyError('CONFLICT', 'not planned'))
    },
  })
  const inside: RouterInside = insideOf(router)

  return {
    hub,
    inside,
    keyOf,
    inspect: () => router.inspect(),
    /** Emits from outside of any handler. */
    emit(
      id: string,
      name: 'said' | 'noted' | 'hint',
    ): { readonly n: number; readonly position: Promise<string> } {
      const data = payload()
      return { n: data.n, position: hub.channel.room({ id }).emit(name, data) }
    },
  }
}
