/** A real server with one of everything that HTTP, SSE and WebSocket can meet, for the tests of the edges. */
import { createRouter, type Log, type Router } from '@parley/server'
import { type Serving, serve } from '@parley/server/bun'
import { createHubWith } from '@parley/server/internal'
import { call, channel, defineContract, ParleyError, type Report, volatile } from '@parley/shared'
import { type Clock, type Limits, systemClock } from '@parley/shared/internal'
import { onTestFinished } from 'vitest'
import { z } from 'zod'

const Rich = z.object({ at: z.date(), tags: z.set(z.string()), size: z.bigint() })

export const contract = defineContract({
  feed: channel({
    events: {
      note: z.object({ text: z.string() }),
      seen: z.object({ at: z.date() }),
      hint: volatile(z.string()),
    },
    replay: { last: 5 },
  }),
  room: channel({
    params: z.object({ id: z.string().min(1) }),
    events: { message: z.object({ text: z.string() }) },
    messages: {
      say: call({
        input: z.object({ text: z.string().min(1) }),
        output: z.object({ id: z.string() }),
        errors: { MUTED: z.object({ until: z.date(), proof: z.instanceof(Uint8Array) }) },
      }),
      react: z.string(),
    },
  }),
  seat: channel({
    params: z.object({ row: z.number(), aisle: z.boolean(), name: z.string() }),
    events: { taken: z.object({ by: z.string() }) },
  }),
  rooms: {
    create: call({
      input: z.object({ name: z.string().min(1) }),
      output: z.object({ name: z.string() }),
      errors: { NAME_TAKEN: z.object({ suggestion: z.string() }), FULL: { status: 409 } },
    }),
  },
  echo: call({ input: Rich, output: Rich }),
  size: call({ input: z.string(), output: z.number() }),
  nothing: call({}),
  whoami: call({ output: z.object({ user: z.string(), member: z.string() }) }),
  wait: call({}),
  late: call({}),
  fail: call({}),
})

export interface EdgeOptions {
  readonly allowedOrigins?: readonly string[]
  readonly limits?: Partial<Limits>
  readonly log?: Log
  readonly clock?: Clock
  /** Awaited before `context` answers, and before `join` of a room does: a test can stop there. */
  readonly onContext?: (request: Request | undefined) => Promise<void>
  readonly onJoin?: () => Promise<void>
}

/** A call that runs: `ended` says why its signal fired. */
export interface Waiting {
  readonly ended: Promise<unknown>
  /** A `late` call asks for its signal only now. */
  readonly release?: () => void
}

/** Starts the server; it is stopped when the test is over. `reports` holds every notice. */
export function startEdge(options: EdgeOptions = {}) {
  const edge = makeEdge(options)
  const serving: Serving = serve(edge.router, { port: 0, hostname: '127.0.0.1' })
  onTestFinished(() => serving.stop())
  const { host } = new URL(serving.url)
  return { ...edge, host, url: serving.url, server: serving.server, stop: serving.stop }
}

/** The same without a server: for one that is there already. */
export function makeEdge({ log, clock = systemClock, onContext, onJoin, ...options }: EdgeOptions = {}) {
  const reports: Report[] = []
  const arrivals: ((run: Waiting) => void)[] = []
  const hubOptions = {
    ...options,
    ...(log ? { log } : {}),
    auth: z.string().optional(),
    context: async ({ auth, request }: { auth: string | undefined; request: Request | undefined }) => {
      await onContext?.(request)
      if (auth === 'banned') throw new Error('a secret of the user table')
      if (auth === 'busy') throw new ParleyError('OVERLOADED', 'come back later')
      return { user: auth ?? 'nobody' }
    },
    identify: ({ user }: { user: string }) => (user === 'nobody' ? undefined : user),
    onReport: (report: Report) => reports.push(report),
  }
  const hub = createHubWith(contract, hubOptions, clock)
  const mayEnter = async ({ id }: { id: string }): Promise<boolean> => {
    await onJoin?.()
    return !id.startsWith('secret')
  }
  const router: Router<{ user: string }> = createRouter(hub, {
    feed: { join: () => true },
    room: {
      join: ({ params }) => mayEnter(params),
      messages: {
        say: async ({ input, errors, emit }) => {
          if (input.text === 'shout')
            throw errors.MUTED({ until: new Date(0), proof: Uint8Array.of(1, 2, 3) })
          await emit('message', { text: input.text })
          return { id: `id of ${input.text}` }
        },
        react: () => 'what a bare message returns is nobody’s business',
      },
    },
    seat: { join: () => true },
    rooms: {
      create: ({ input, errors }) => {
        if (input.name === 'taken') throw errors.NAME_TAKEN({ suggestion: 'taken-2' })
        if (input.name === 'full') throw errors.FULL()
        return { name: input.name }
      },
    },
    echo: ({ input }) => input,
    size: ({ input }) => input.length,
    nothing: () => 'ignored',
    whoami: ({ context, session }) => ({ user: context.user, member: session.member ?? 'none' }),
    wait: ({ signal }) => {
      const ended = new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(signal.reason), { once: true })
      })
      arrivals.shift()?.({ ended })
      return ended
    },
    late: (run) => {
      let release = (): void => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      const ended = released.then((): unknown => run.signal.reason)
      arrivals.shift()?.({ ended, release })
      return ended
    },
    fail: () => {
      throw new Error('a secret of the database')
    },
  })
  /** Resolves when the next `wait` or `late` call has begun to run. */
  const waiting = (): Promise<Waiting> => new Promise((resolve) => arrivals.push(resolve))
  return { hub, router, reports, waiting }
}
