/**
 * The world of the tests in this folder: a router with credentials, a client of it over a link that breaks, and a
 * subscriber of its SSE route over a fetch that breaks, all in virtual time. Both ends are the real ones.
 */
import { type ClientOptions, createClient, createSubscriber } from '@parley/client'
import { createRouter } from '@parley/server'
import { createHubWith, insideOf, openMemoryLog } from '@parley/server/internal'
import { call, channel, defineContract, ParleyError, type Report, volatile } from '@parley/shared'
import type { Clock, Limits } from '@parley/shared/internal'
import { breakableLink, type VirtualClock, virtualClock } from '@parley/shared/testing'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { CutFetch } from '../support/cut-fetch.js'
import { acceptFor } from './accept.js'

const number = z.object({ n: z.number() })

export const contractOf = (replay: { last?: number; for?: `${number}m` } = {}) =>
  defineContract({
    ticks: channel({ events: { tick: number, hint: volatile(z.string()) }, replay }),
    room: channel({
      params: z.object({ id: z.string() }),
      events: { said: z.object({ text: z.string() }), hint: volatile(z.string()) },
      messages: { say: call({ input: z.object({ text: z.string() }), output: z.object({ n: z.number() }) }) },
      replay,
    }),
    pay: call({ input: number, output: number }),
    look: call({ input: number, output: number, idempotent: true }),
  })

export interface Options {
  readonly clock?: VirtualClock
  /** Where one side goes by a clock of its own. */
  readonly serverClock?: Clock
  readonly clientClock?: Clock
  readonly delayMs?: number
  readonly replay?: { last?: number; for?: `${number}m` }
  readonly limits?: Partial<Limits>
  /** What the client shows at each connection. Default: its name. */
  readonly auth?: () => unknown
  /** Whom a token belongs to, and perhaps until when; may throw. */
  readonly context?: (token: string, expiresInMs: (ms: number) => void) => unknown
  readonly join?: (who: { readonly id: string; readonly token: string }) => boolean | Promise<boolean>
  /** Awaited in each handler, after it was noted that it ran. */
  readonly working?: (n: number) => Promise<void> | void
}

export function world(options: Options = {}) {
  const { clock = virtualClock(), delayMs = 0, replay = {}, limits = {}, working = () => {} } = options
  const { serverClock = clock, clientClock = clock } = options
  const contract = contractOf(replay)
  const reports: Report[] = []
  const ran: (number | string)[] = []
  const { log, newEpoch } = openMemoryLog({ clock: serverClock })
  const hub = createHubWith(
    contract,
    {
      auth: z.string(),
      context: async ({ auth, session }) => {
        const expires = (ms: number): void => session.expiresAt(new Date(serverClock.now() + ms))
        await options.context?.(auth, expires)
        return { token: auth }
      },
      identify: ({ token }) => token.split(':')[0],
      log,
      limits,
      onReport: (report) => void reports.push(report),
    },
    serverClock,
  )
  const router = createRouter(hub, {
    ticks: { join: ({ context }) => options.join?.({ id: 'ticks', token: context.token }) ?? true },
    room: {
      join: ({ params, context }) => options.join?.({ id: params.id, token: context.token }) ?? true,
      messages: {
        say: async ({ input, emit }) => {
          ran.push(input.text)
          await working(ran.length)
          await emit('said', input)
          return { n: ran.length }
        },
      },
    },
    pay: async ({ input }) => {
      ran.push(input.n)
      await working(input.n)
      return input
    },
    look: async ({ input }) => {
      ran.push(`look ${input.n}`)
      await working(input.n)
      return input
    },
  })
  const inside = insideOf(router)
  const closing: (() => unknown)[] = [() => hub.close()]
  onTestFinished(async () => {
    for (const close of closing.reverse()) await close()
  })

  /** A client named `ann` unless the test says otherwise. */
  function connect(more: Partial<ClientOptions> = {}) {
    const link = breakableLink(acceptFor(inside), clock, { delayMs })
    const told: Report[] = []
    const client = createClient(contract, {
      transport: link,
      clock: clientClock,
      auth: options.auth ?? (() => 'ann'),
      onReport: (report) => void told.push(report),
      ...more,
    })
    closing.push(() => client.connection.close())
    return { link, client, told }
  }

  /** A client that gets no WebSocket: one event stream, and POSTs. */
  function fallBack(more: Partial<ClientOptions> = {}) {
    const wire = new CutFetch('http://parley.test/', (request) =>
      inside.fetch(request, new URL(request.url).pathname.slice('/realtime'.length)),
    )
    const over = { transport: 'sse', url: 'http://parley.test/realtime', fetch: wire.fetch } as const
    const { client, told } = connect({ ...over, ...more })
    return { wire, client, told }
  }

  /** A subscriber of the ticks over SSE. */
  function subscribe(auth: () => unknown = options.auth ?? (() => 'ann')) {
    const wire = new CutFetch('http://parley.test/', (request) => inside.fetch(request, '/events/ticks'))
    const told: Report[] = []
    const subscriber = createSubscriber(contract, 'ticks', {
      url: 'http://parley.test/events/ticks',
      fetch: wire.fetch,
      clock: clientClock,
      headers: async () => ({ authorization: `Bearer ${await auth()}` }),
      onReport: (report) => void told.push(report),
    })
    closing.push(() => subscriber.close())
    return { wire, subscriber, told }
  }

  const emit = async (from: number, to = from): Promise<void> => {
    for (let n = from; n <= to; n++) await hub.channel.ticks.emit('tick', { n })
  }
  return { clock, contract, hub, router, inside, newEpoch, reports, ran, emit, connect, fallBack, subscribe }
}

type World = ReturnType<typeof world>
type Transport = (typeof transports)[number]

/** `sse` is a subscriber of its one topic, `fallback` a client that gets no WebSocket. */
export const transports = ['websocket', 'fallback', 'sse'] as const

/** One link of a transport, and the ways in which it breaks. */
function overOf(all: World, transport: Transport, auth?: () => unknown) {
  if (transport === 'websocket') {
    const { link, client, told } = all.connect(auth ? { auth } : {})
    return {
      ticks: client.ticks,
      told,
      cut: () => link.cut(),
      refuse: (refusing: boolean) => link.refuse(refusing),
      attempts: () => link.counts().attempts,
      reconnect: () => client.connection.reconnect(),
    }
  }
  const fallback = transport === 'fallback' ? all.fallBack(auth ? { auth } : {}) : undefined
  const sse = fallback ? undefined : all.subscribe(auth)
  const { wire, told } = (fallback ?? sse)!
  return {
    ticks: fallback ? fallback.client.ticks : sse!.subscriber,
    told,
    cut: () => wire.cut(),
    refuse(refusing: boolean) {
      wire.isAway = refusing
    },
    attempts: () => wire.requests.filter(({ method }) => method === 'GET').length,
    reconnect: () => fallback?.client.connection.reconnect(),
  }
}

/** A reader of the ticks over any transport, and the ways in which its link breaks. */
export function reader(all: World, transport: Transport, auth?: () => unknown) {
  const seen: (number | string)[] = []
  const over = overOf(all, transport, auth)
  const { ticks } = over
  ticks.on('tick', ({ n }) => seen.push(n))
  ticks.onGap(({ reason }) => seen.push(reason))
  const isLive = (): boolean => ticks.status.getSnapshot().status === 'live'
  return {
    ...over,
    seen,
    isLive,
    live: () => all.clock.runUntil(isLive, 120_000),
    /** Cuts the link and lets nothing through until the result is called. */
    async leave(): Promise<() => void> {
      over.refuse(true)
      over.cut()
      await all.clock.advance(0)
      return () => over.refuse(false)
    },
  }
}

export const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** What a promise came to: its value, or the code of the error that it rejects with. */
export const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error) => (error instanceof ParleyError ? error.code : error))
