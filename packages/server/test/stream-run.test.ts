/** What becomes of a stream's generator: what it is asked for, how it ends, and what is told of it. */
import { channel, defineContract, type ParleyError, type Report, stream } from '@parley/shared'
import { createCodec, type Encoded, limits } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Around, Dispatch } from '../src/dispatch.js'
import type { AnyHandler } from '../src/handler-run.js'
import { memoryLog } from '../src/index.js'
import { createBinder } from '../src/shell/bound-topics.js'
import { Topics } from '../src/topics.js'

const contract = defineContract({
  news: channel({ events: { item: z.number() } }),
  count: stream({
    input: z.object({ to: z.number().default(3) }),
    yields: z.object({ n: z.number() }),
    output: z.object({ sum: z.number() }),
    errors: { FULL: z.object({ at: z.number() }) },
  }),
})

interface Run {
  readonly input: { readonly to: number }
  readonly signal: AbortSignal
  readonly errors: { FULL(data: { at: number }): ParleyError }
  readonly topics: { readonly news: { emit(name: string, data: number): Promise<string> } }
}
type Handler = (run: Run) => unknown

interface Options {
  readonly around?: Around
  /** Values that are asked for before anything happens. */
  readonly pulls?: number
  readonly input?: unknown
}

function start(handler: Handler, { around, pulls = 0, input = {} }: Options = {}) {
  const clock = virtualClock()
  const reports: Report[] = []
  const codec = createCodec()
  const topics = new Topics({
    log: memoryLog({ clock }),
    codec,
    limits,
    clock,
    onReport: (report) => reports.push(report),
  })
  const dispatch = new Dispatch({ topics, around, bind: createBinder(contract.channels, topics.finder) })
  const values: Encoded[] = []
  const running = dispatch.stream(
    {
      path: 'count',
      spec: contract.streams.get('count')!,
      handler: handler as unknown as AnyHandler,
      topic: undefined,
      input: { json: input },
      context: undefined,
      session: undefined,
      client: undefined,
      request: undefined,
    },
    (value) => {
      values.push(value)
      if (values.length < pulls) running.pull()
    },
  )
  if (pulls > 0) running.pull()
  let outcome: unknown
  void running.outcome.then((settled) => {
    outcome = settled.failure?.code ?? settled.output?.json ?? 'nothing'
  })
  let isOver = false
  running.whenOver(() => {
    isOver = true
  })
  return {
    clock,
    reports,
    running,
    values: () => values.map(({ json }) => JSON.parse(json).n),
    outcome: () => outcome,
    isOver: () => isOver,
    kinds: () => reports.map(({ kind, path }) => `${kind} ${path}`),
  }
}

/** Resolves when the signal fires, without throwing. */
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

test('a generator is never run further than it is asked to', async () => {
  const log: string[] = []
  const { running, values, clock, outcome, isOver } = start(async function* ({ input }) {
    for (let n = 1; n <= input.to; n++) {
      log.push(`makes ${n}`)
      yield { n }
    }
    return { sum: 6 }
  })
  await clock.settle()
  expect(log).toEqual([])
  running.pull()
  await clock.settle()
  expect(log).toEqual(['makes 1'])
  for (let more = 0; more < 2; more++) {
    running.pull()
    await clock.settle()
  }
  expect([values(), outcome(), isOver()]).toEqual([[1, 2, 3], undefined, false])
  running.pull()
  await clock.settle()
  expect([outcome(), isOver()]).toEqual(['{"sum":6}', true])
})

test('input that does not fit is the answer before anything is asked for', async () => {
  const { clock, outcome } = start(() => expect.fail('it ran'), { input: { to: 'x' } })
  await clock.settle()
  expect(outcome()).toBe('VALIDATION')
})

test.each([
  [
    'a value that does not fit',
    async function* () {
      yield { n: 'x' }
    },
  ],
  [
    'a value that cannot travel',
    async function* () {
      yield { n: () => {} }
    },
  ],
  [
    'a result that does not fit',
    async function* () {
      yield { n: 1 }
      return { sum: 'x' }
    },
  ],
  [
    'an error',
    async function* () {
      yield { n: 1 }
      throw new Error('a bug')
    },
  ],
  ['no generator at all', () => 5],
] as [string, Handler][])('%s is INTERNAL, with one report', async (_title, handler) => {
  const { clock, outcome, kinds, isOver } = start(handler, { pulls: 9 })
  await clock.settle()
  expect([outcome(), kinds(), isOver()]).toEqual(['INTERNAL', ['handler-failed count'], true])
})

test('a value that does not fit ends its generator, and those before it were given', async () => {
  const log: string[] = []
  const { clock, values, outcome } = start(
    async function* ({ signal }) {
      try {
        yield { n: 1 }
        yield { n: 'x' }
      } finally {
        log.push(`finally, aborted: ${signal.aborted}`)
      }
    },
    { pulls: 9 },
  )
  await clock.settle()
  expect([values(), outcome(), log]).toEqual([[1], 'INTERNAL', ['finally, aborted: true']])
})

test('a declared error travels', async () => {
  const { clock, outcome, kinds } = start(
    async function* ({ errors }) {
      yield { n: 1 }
      throw errors.FULL({ at: 1 })
    },
    { pulls: 9 },
  )
  await clock.settle()
  expect([outcome(), kinds()]).toEqual(['FULL', []])
})

test('one that is given up is told by its signal first and by return then, and its finally runs', async () => {
  const log: string[] = []
  const { clock, running, outcome, isOver, kinds } = start(
    async function* ({ signal }) {
      signal.addEventListener('abort', () => log.push('abort'))
      try {
        for (let n = 1; ; n++) yield { n }
      } finally {
        log.push('finally')
      }
    },
    { pulls: 2 },
  )
  await clock.settle()
  running.abort()
  await clock.settle()
  expect([log, outcome(), isOver(), kinds()]).toEqual([['abort', 'finally'], 'ABORTED', true, []])
  expect(clock.pending()).toBe(0)
})

test('what waits on the signal throws, and that is no failure', async () => {
  const { clock, running, outcome, isOver, kinds } = start(
    // biome-ignore lint/correctness/useYield: it waits for its first value
    async function* ({ signal }) {
      await aborted(signal)
      signal.throwIfAborted()
    },
    { pulls: 1 },
  )
  await clock.settle()
  running.abort()
  await clock.settle()
  expect([outcome(), isOver(), kinds()]).toEqual(['ABORTED', true, []])
})

test('one that does not heed its signal has its answer at once, and is reported after 10 s until it is done', async () => {
  let open!: () => void
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const { clock, running, values, outcome, isOver, kinds } = start(
    async function* () {
      yield { n: 1 }
      await gate
      yield { n: 2 }
      yield { n: 3 }
    },
    { pulls: 2 },
  )
  await clock.settle()
  running.abort()
  await clock.advance(9_999)
  expect([outcome(), isOver(), kinds()]).toEqual(['ABORTED', false, []])
  await clock.advance(1)
  expect(kinds()).toEqual(['stream-stuck count'])
  open()
  await clock.settle()
  expect([values(), isOver(), kinds().length]).toEqual([[1], true, 1]) // what it yielded later is nobody's
})

test('a finally that throws is reported, and changes nothing for whoever gave up', async () => {
  const { clock, running, outcome, isOver, kinds } = start(
    async function* () {
      try {
        yield { n: 1 }
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
        throw new Error('a bug in a finally')
      }
    },
    { pulls: 1 },
  )
  await clock.settle()
  running.abort()
  await clock.settle()
  expect([outcome(), isOver(), kinds()]).toEqual(['ABORTED', true, ['handler-failed count']])
})

test('a finally that yields is taken to its end, and what it yields is dropped', async () => {
  const log: string[] = []
  const { clock, running, values, isOver, kinds } = start(
    async function* () {
      try {
        yield { n: 1 }
      } finally {
        yield { n: 2 }
        log.push('cleaned up')
      }
    },
    { pulls: 1 },
  )
  await clock.settle()
  running.abort()
  await clock.settle()
  expect([values(), log, isOver(), kinds()]).toEqual([[1], ['cleaned up'], true, []])
})

test('a finally that yields without end is left where it stands, and reported', async () => {
  const { clock, running, isOver, reports } = start(
    async function* () {
      try {
        yield { n: 1 }
      } finally {
        for (let n = 2; ; n++) yield { n }
      }
    },
    { pulls: 1 },
  )
  await clock.settle()
  running.abort()
  await clock.settle()
  expect(isOver()).toBe(true)
  expect(reports).toMatchObject([
    { kind: 'handler-failed', error: { message: expect.stringContaining('100 times') } },
  ])
})

test('one that was given up before its first value never runs', async () => {
  const { clock, running, outcome, isOver } = start(async function* () {
    yield expect.fail('it ran')
  })
  running.abort()
  await clock.settle()
  expect([outcome(), isOver()]).toEqual(['ABORTED', true])
})

test('around goes round the whole, from before the first value to after the result', async () => {
  const log: string[] = []
  const { clock } = start(
    async function* () {
      log.push('begins')
      yield { n: 1 }
      log.push('ends')
      return { sum: 1 }
    },
    {
      pulls: 2,
      around: async ({ kind, path }, next) => {
        log.push(`before ${kind} ${path}`)
        await next()
        log.push('after')
      },
    },
  )
  await clock.settle()
  expect(log).toEqual(['before stream count', 'begins', 'ends', 'after'])
})

test('an around that throws without waiting ends the generator, too', async () => {
  const log: string[] = []
  const { clock, outcome, isOver } = start(
    async function* () {
      try {
        yield { n: 1 }
        yield { n: 2 }
      } finally {
        log.push('finally')
      }
    },
    {
      pulls: 1,
      around: async (_run, next) => {
        void next()
        await new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => resolve(undefined))))
        throw new Error('a bug in around')
      },
    },
  )
  await clock.settle()
  expect([outcome(), log, isOver()]).toEqual(['INTERNAL', ['finally'], true])
})

test('what it emits is stored before its result is told, and refused once it was given up', async () => {
  const codes: string[] = []
  const { clock, running } = start(
    async function* ({ topics, signal }) {
      await topics.news.emit('item', 1)
      yield { n: 1 }
      await aborted(signal)
      try {
        await topics.news.emit('item', 2)
      } catch (error) {
        codes.push((error as ParleyError).code)
      }
    },
    { pulls: 2 },
  )
  await clock.settle()
  running.abort()
  await clock.settle()
  expect(codes).toEqual(['ABORTED'])
})
