// @vitest-environment happy-dom
/** TanStack Query over a whole client, with a router at the other end of its link. */
import { createClient } from '@parley/client'
import {
  append,
  liveOptions,
  mutationOptions,
  queryKey,
  queryOptions,
  sendOptions,
} from '@parley/client/query'
import { createHub, createRouter } from '@parley/server'
import { call, channel, defineContract, ParleyError } from '@parley/shared'
import {
  dehydrate,
  hydrate,
  MutationObserver,
  onlineManager,
  QueryClient,
  QueryObserver,
  skipToken,
} from '@tanstack/query-core'
import { QueryClientProvider, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { act, StrictMode, Suspense } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

const Line = z.object({ id: z.number(), text: z.string() })

const contract = defineContract({
  room: channel({
    params: z.object({ id: z.string() }),
    events: { line: Line, other: z.string() },
    messages: { say: call({ input: z.string(), output: z.number() }) },
  }),
  lines: {
    load: call({
      input: z.object({ id: z.string() }),
      output: z.object({ data: z.array(Line), position: z.string() }),
      idempotent: true,
    }),
    add: call({
      input: z.object({ id: z.string(), text: z.string() }),
      output: z.number(),
      errors: { TAKEN: z.object({ by: z.string() }) },
    }),
    echo: call({ input: z.object({ at: z.date(), n: z.bigint() }), output: z.string(), idempotent: true }),
    hang: call({ idempotent: true }),
    find: call({
      input: z.object({ id: z.string(), tag: z.string().optional() }),
      output: z.string(),
      idempotent: true,
    }),
    dated: call({
      input: z.object({ at: z.union([z.date(), z.string()]) }),
      output: z.number(),
      idempotent: true,
    }),
  },
})

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

function setUp() {
  const rows: { id: number; text: string }[] = []
  const counts = { loads: 0, echoes: 0, aborted: 0 }
  const between: (() => Promise<unknown>)[] = []
  const failures: string[] = []
  const hub = createHub(contract, { onReport: () => {} })
  const topic = hub.channel.room({ id: 'a' })
  const write = async (text: string) => {
    const line = { id: rows.length + 1, text }
    rows.push(line)
    await topic.emit('line', line)
  }
  const router = createRouter(hub, {
    room: {
      join: ({ params }) => params.id !== 'secret',
      messages: {
        say: async ({ input }) => {
          await write(input)
          return rows.length
        },
      },
    },
    lines: {
      load: async () => {
        counts.loads++
        const loaded = await hub.snapshot(topic, () => [...rows])
        await between.shift()?.()
        return loaded
      },
      add: async ({ input, errors }) => {
        const code = failures.shift()
        if (code === 'TAKEN') throw errors.TAKEN({ by: 'ben' })
        await write(input.text)
        return rows.length
      },
      echo: ({ input }) => {
        counts.echoes++
        return `${input.n} ${input.at.getTime()}`
      },
      find: ({ input }) => `${input.id} ${input.tag}`,
      dated: () => 1,
      hang: ({ signal }) =>
        new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            counts.aborted++
            resolve()
          })
        }),
    },
  })
  const client = createClient(contract, {
    transport: router.link({ context: undefined }),
    lingerMs: 0,
    onReport: () => {},
  })
  open.push(
    () => hub.close(),
    () => client.connection.close(),
  )
  const live = (id = 'a') =>
    liveOptions(client.lines.load, client.room({ id }), {
      input: { id },
      events: ['line'],
      reduce: append(100, ({ id }) => id),
      retry: false,
    })
  return { hub, router, client, rows, counts, between, failures, topic, write, live }
}

function queries() {
  const queryClient = new QueryClient()
  open.push(() => queryClient.clear())
  return queryClient
}

const texts = (lines: readonly { text: string }[] | undefined) => lines?.map(({ text }) => text).join(' ')

test('a call is a query: equal inputs share one, with Dates and BigInts in them', async () => {
  const { client, counts } = setUp()
  const queryClient = queries()
  const ask = (input: { at: Date; n: bigint }) =>
    queryClient.fetchQuery(queryOptions(client.lines.echo, { input, staleTime: 60_000 }))
  expect(await ask({ at: new Date(5), n: 1n })).toBe('1 5')
  expect(await ask({ n: 1n, at: new Date(5) })).toBe('1 5')
  expect(counts.echoes).toBe(1)
  expect(await ask({ n: 2n, at: new Date(5) })).toBe('2 5')
  const key = queryOptions(client.lines.echo, { input: { n: 1n, at: new Date(5) } }).queryKey
  expect(queryClient.getQueryData(key)).toBe('1 5')
  expect(queryClient.getQueryCache().findAll({ queryKey: queryKey(client.lines.echo) })).toHaveLength(2)
  expect(
    queryClient
      .getQueryCache()
      .findAll({ queryKey: queryKey(client.lines.echo, { n: 2n, at: new Date(5) }) }),
  ).toHaveLength(1)
})

test('a key is of one whole input, whether a field is undefined or not there, and meets no key of the application', async () => {
  const { client } = setUp()
  const queryClient = queries()
  const find = (input: { id: string; tag?: string | undefined }) =>
    queryOptions(client.lines.find, { input, staleTime: 60_000 })
  expect(await queryClient.fetchQuery(find({ id: 'a' }))).toBe('a undefined')
  await queryClient.fetchQuery(find({ id: 'a', tag: 'x' }))
  queryClient.setQueryData(['lines', 'find'], 'of the application')
  const cache = queryClient.getQueryCache()
  expect(find({ id: 'a', tag: undefined }).queryKey).toEqual(find({ id: 'a' }).queryKey)
  expect(cache.findAll({ queryKey: queryKey(client.lines.find, { id: 'a' }) })).toHaveLength(1)
  expect(cache.findAll({ queryKey: queryKey(client.lines.find) })).toHaveLength(2)
  expect(cache.findAll({ queryKey: ['lines', 'find'] })).toHaveLength(1)
  expect(queryClient.getQueryData(queryKey(client.lines.find, { tag: 'x', id: 'a' }))).toBe('a x')
  // the text of a Date is not the Date
  const dated = (at: Date | string) => queryKey(client.lines.dated, { at })
  queryClient.setQueryData(dated(new Date(5)), 1)
  expect(cache.findAll({ queryKey: dated(new Date(5).toISOString()) })).toEqual([])
})

test('a call that may not run again is refused as a query, by name', () => {
  const { client } = setUp()
  // @ts-expect-error it is not declared idempotent
  expect(() => queryOptions(client.lines.add, { input: { id: 'a', text: 'x' } })).toThrow(
    "'lines.add' is no query",
  )
})

test('an input that is not known yet asks nothing', async () => {
  const { client, counts } = setUp()
  const observer = new QueryObserver(queries(), queryOptions(client.lines.echo, { input: skipToken }))
  open.push(observer.subscribe(() => {}))
  expect(observer.getCurrentResult().fetchStatus).toBe('idle')
  expect(counts.echoes).toBe(0)
})

test('a query is fetched again as the browser comes online, unless it is fresh or does not want to', async () => {
  const { client, counts } = setUp()
  const queryClient = queries()
  queryClient.mount()
  open.push(() => queryClient.unmount())
  const ask = (n: bigint, options: { staleTime?: number; refetchOnReconnect?: boolean }) => {
    const input = { at: new Date(5), n }
    const observer = new QueryObserver(queryClient, queryOptions(client.lines.echo, { input, ...options }))
    open.push(observer.subscribe(() => {}))
    return observer
  }
  const stale = ask(1n, {})
  const all = [stale, ask(2n, { staleTime: 60_000 }), ask(3n, { refetchOnReconnect: false })]
  await expect.poll(() => all.every((one) => one.getCurrentResult().isSuccess)).toBe(true)
  const fetched: unknown[] = []
  queryClient.getQueryCache().subscribe((event) => {
    if (event.type === 'updated' && event.action.type === 'fetch') fetched.push(event.query.queryKey)
  })
  onlineManager.setOnline(false)
  onlineManager.setOnline(true)
  await expect.poll(() => counts.echoes).toBe(4)
  await expect.poll(() => queryClient.isFetching()).toBe(0)
  expect(fetched).toEqual([stale.options.queryKey])
})

test('a query that nobody wants any more cancels its call', async () => {
  const { client, counts, router } = setUp()
  const observer = new QueryObserver(queries(), queryOptions(client.lines.hang))
  const stop = observer.subscribe(() => {})
  await expect.poll(() => router.inspect().sessions).toBe(1)
  await new Promise<void>((resolve) => setImmediate(resolve))
  stop()
  await expect.poll(() => counts.aborted).toBe(1)
})

test('what is emitted between the load and the first event is neither lost nor there twice', async () => {
  const { write, between, live, counts } = setUp()
  await write('before')
  between.push(() => write('between'))
  const observer = new QueryObserver(queries(), live())
  open.push(observer.subscribe(() => {}))
  await expect.poll(() => texts(observer.getCurrentResult().data)).toBe('before between')
  await write('after')
  await expect.poll(() => texts(observer.getCurrentResult().data)).toBe('before between after')
  expect(counts.loads).toBe(1)
})

test('a refetch whose answer is older than what came meanwhile loses nothing', async () => {
  const { write, between, live } = setUp()
  const observer = new QueryObserver(queries(), live())
  open.push(observer.subscribe(() => {}))
  await expect.poll(() => observer.getCurrentResult().data).toEqual([])
  await write('one')
  between.push(async () => {
    await write('two')
    await expect.poll(() => texts(observer.getCurrentResult().data)).toBe('one two')
  })
  await observer.refetch()
  await expect.poll(() => texts(observer.getCurrentResult().data)).toBe('one two')
  await write('three')
  await expect.poll(() => texts(observer.getCurrentResult().data)).toBe('one two three')
})

test('observers of a key share one reader, and the last one takes it with it', async () => {
  const { router, write, live, counts } = setUp()
  const queryClient = queries()
  const [one, two] = [new QueryObserver(queryClient, live()), new QueryObserver(queryClient, live())]
  const stops = [one.subscribe(() => {}), two.subscribe(() => {})]
  await expect.poll(() => router.inspect().readers).toBe(1)
  await write('x')
  await expect.poll(() => texts(two.getCurrentResult().data)).toBe('x')
  stops[0]!()
  expect(router.inspect().readers).toBe(1)
  stops[1]!()
  await expect.poll(() => router.inspect().readers).toBe(0)
  await write('unseen')
  open.push(one.subscribe(() => {})) // goes on from where it was
  await expect.poll(() => texts(one.getCurrentResult().data)).toBe('x unseen')
  expect(counts.loads).toBe(1)
})

test('two caches are kept live apart', async () => {
  const { write, live } = setUp()
  const observers = [new QueryObserver(queries(), live()), new QueryObserver(queries(), live())]
  for (const observer of observers) open.push(observer.subscribe(() => {}))
  await expect.poll(() => observers.map((o) => o.getCurrentResult().isSuccess)).toEqual([true, true])
  await write('x')
  await expect.poll(() => observers.map((o) => texts(o.getCurrentResult().data))).toEqual(['x', 'x'])
})

test('two servers with one contract share a cache, where one of them has other keys', async () => {
  const [one, two] = [setUp(), setUp()]
  const queryClient = queries()
  const { queryKey: key, ...options } = two.live()
  const observers = [
    new QueryObserver(queryClient, one.live()),
    new QueryObserver(queryClient, { ...options, queryKey: ['two', ...key] }),
  ]
  for (const observer of observers) open.push(observer.subscribe(() => {}))
  await expect.poll(() => observers.map((o) => o.getCurrentResult().isSuccess)).toEqual([true, true])
  await one.write('x')
  await two.write('y')
  await expect.poll(() => observers.map((o) => texts(o.getCurrentResult().data))).toEqual(['x', 'y'])
})

test('a page from a server goes on from where the server read, and asks for nothing', async () => {
  const { write, live, counts, router } = setUp()
  await write('rendered')
  const server = queries()
  await server.prefetchQuery(live())
  expect(router.inspect().readers).toBe(0) // a prefetch reads nothing
  const page = JSON.parse(JSON.stringify(dehydrate(server)))
  await write('on the way')
  const browser = queries()
  hydrate(browser, page)
  const observer = new QueryObserver(browser, live())
  open.push(observer.subscribe(() => {}))
  expect(texts(observer.getCurrentResult().data)).toBe('rendered')
  await expect.poll(() => texts(observer.getCurrentResult().data)).toBe('rendered on the way')
  expect(counts.loads).toBe(1)
})

test('a page from a server is hydrated without a mismatch, also where it shows whether it fetches', async () => {
  const { write, live, counts } = setUp()
  await write('rendered')
  const [server, browser] = [queries(), queries()]
  await server.prefetchQuery(live())
  function Lines() {
    const { data, isFetching } = useQuery(live())
    return <p aria-busy={isFetching}>{texts(data)}</p>
  }
  const page = (queryClient: QueryClient) => (
    <QueryClientProvider client={queryClient}>
      <Lines />
    </QueryClientProvider>
  )
  const container = document.createElement('div')
  container.innerHTML = renderToString(page(server))
  expect(container.innerHTML).toBe('<p aria-busy="false">rendered</p>')
  hydrate(browser, JSON.parse(JSON.stringify(dehydrate(server))))
  await write('on the way')
  const complaints: unknown[] = []
  const complain = vi.spyOn(console, 'error').mockImplementation((...said) => complaints.push(said))
  open.push(() => complain.mockRestore())
  const root = await act(async () =>
    hydrateRoot(container, page(browser), { onRecoverableError: (error) => complaints.push(error) }),
  )
  open.push(() => act(async () => root.unmount()))
  for (let turn = 0; turn < 1_000 && container.textContent !== 'rendered on the way'; turn++)
    await act(() => new Promise<void>((resolve) => setTimeout(resolve)))
  expect(container.innerHTML).toBe('<p aria-busy="false">rendered on the way</p>')
  expect(complaints).toEqual([])
  expect(counts.loads).toBe(1)
})

test('a topic that is refused is the error of its query', async () => {
  const { live } = setUp()
  const observer = new QueryObserver(queries(), live('secret'))
  open.push(observer.subscribe(() => {}))
  await expect.poll(() => observer.getCurrentResult().error?.code).toBe('FORBIDDEN')
  expect(observer.getCurrentResult().data).toEqual([])
})

test('a reducer that throws is the error of its query, which begins anew with what is fetched', async () => {
  const { client, write } = setUp()
  let isBroken = true
  const observer = new QueryObserver(
    queries(),
    liveOptions(client.lines.load, client.room({ id: 'a' }), {
      input: { id: 'a' },
      events: ['line'],
      reduce: (lines, { data }) => {
        if (isBroken) throw new Error('a bug')
        return [...lines, data]
      },
    }),
  )
  open.push(observer.subscribe(() => {}))
  await expect.poll(() => observer.getCurrentResult().data).toEqual([])
  await write('one')
  await expect.poll(() => observer.getCurrentResult().error?.message).toBe('a bug')
  isBroken = false
  await write('two')
  expect(observer.getCurrentResult().data).toEqual([])
  await observer.refetch()
  await write('three')
  await expect.poll(() => texts(observer.getCurrentResult().data)).toBe('one two three')
  expect(observer.getCurrentResult().error).toBe(null)
})

test.each(['useQuery', 'useSuspenseQuery'] as const)(
  '%s shows each event once, in Strict Mode',
  async (hook) => {
    const { live, write, router, counts } = setUp()
    await write('a')
    function WithQuery() {
      return texts(useQuery(live()).data) ?? 'none yet'
    }
    function WithSuspense() {
      return texts(useSuspenseQuery(live()).data)
    }
    const container = document.createElement('div')
    const root = createRoot(container)
    const shows = async (text: string) => {
      for (let turn = 0; turn < 1_000 && container.textContent !== text; turn++)
        await act(() => new Promise<void>((resolve) => setTimeout(resolve)))
      expect(container.textContent).toBe(text)
    }
    await act(async () =>
      root.render(
        <StrictMode>
          <QueryClientProvider client={queries()}>
            <Suspense fallback="none yet">{hook === 'useQuery' ? <WithQuery /> : <WithSuspense />}</Suspense>
          </QueryClientProvider>
        </StrictMode>,
      ),
    )
    await shows('a')
    await act(() => write('b'))
    await shows('a b')
    expect(counts.loads).toBe(1)
    await act(async () => root.unmount())
    await expect.poll(() => router.inspect().readers).toBe(0)
  },
)

test('a mutation has typed errors, and invalidates what it changed', async () => {
  const { client, failures, counts } = setUp()
  const queryClient = queries()
  const list = queryOptions(client.lines.load, { input: { id: 'a' } })
  open.push(new QueryObserver(queryClient, list).subscribe(() => {}))
  await expect.poll(() => queryClient.getQueryData(list.queryKey)?.data).toEqual([])
  const add = new MutationObserver(
    queryClient,
    mutationOptions(client.lines.add, { invalidates: [queryKey(client.lines.load)] }),
  )
  failures.push('TAKEN')
  await expect(add.mutate({ id: 'a', text: 'x' })).rejects.toThrow()
  const { error } = add.getCurrentResult()
  expect(error?.code === 'TAKEN' && error.data.by).toBe('ben')
  expect(counts.loads).toBe(1)
  expect(await add.mutate({ id: 'a', text: 'x' })).toBe(1)
  expect(texts(queryClient.getQueryData(list.queryKey)?.data)).toBe('x')
})

test('where nobody knows whether a mutation ran, it is not repeated or rolled back, and the page shows the truth', async () => {
  const { client, rows } = setUp()
  const queryClient = queries()
  const list = queryOptions(client.lines.load, { input: { id: 'a' } })
  open.push(new QueryObserver(queryClient, list).subscribe(() => {}))
  await expect.poll(() => queryClient.getQueryData(list.queryKey)?.data).toEqual([])
  const told: string[] = []
  const lossy = async (input: { id: string; text: string }): Promise<number> => {
    await client.lines.add(input)
    throw new ParleyError('OUTCOME_UNKNOWN', 'the answer was lost')
  }
  const add = new MutationObserver(
    queryClient,
    mutationOptions(Object.assign(lossy, client.lines.add), {
      invalidates: [list.queryKey],
      onError: () => told.push('failed'),
      onOutcomeUnknown: ({ code }) => told.push(code),
    }),
  )
  await expect(add.mutate({ id: 'a', text: 'x' })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  expect(told).toEqual(['OUTCOME_UNKNOWN'])
  expect(rows).toHaveLength(1)
  await expect.poll(() => texts(queryClient.getQueryData(list.queryKey)?.data)).toBe('x')
})

test('a message is a mutation and what it emits is in the live query', async () => {
  const { client, live } = setUp()
  const queryClient = queries()
  const observer = new QueryObserver(queryClient, live())
  open.push(observer.subscribe(() => {}))
  await expect.poll(() => observer.getCurrentResult().data).toEqual([])
  const say = new MutationObserver(queryClient, sendOptions(client.room({ id: 'a' }), 'say'))
  expect(await say.mutate('hello')).toBe(1)
  await expect.poll(() => texts(observer.getCurrentResult().data)).toBe('hello')
})
