// @vitest-environment happy-dom
/** Live queries where something is wrong: holes, loads that fail, a topic that is not read, data that came otherwise. */
import { createClient } from '@parley/client'
import { append, liveOptions, queryOptions } from '@parley/client/query'
import { createRouter, memoryLog } from '@parley/server'
import { createHubWith } from '@parley/server/internal'
import { call, channel, defineContract } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { dehydrate, hydrate, QueryClient, QueryObserver } from '@tanstack/query-core'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'

const contract = defineContract({
  room: channel({ events: { row: z.number(), other: z.string() }, replay: { last: 3 } }),
  load: call({ output: z.object({ data: z.array(z.number()), position: z.string() }), idempotent: true }),
})

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

function setUp() {
  const clock = virtualClock()
  const hub = createHubWith(contract, { log: memoryLog({ clock }), onReport: () => {} }, clock)
  const rows: number[] = []
  const state = { loads: 0, loadMs: 0, isFailing: false, mayJoin: true, position: '' }
  const pass = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve))
  const router = createRouter(hub, {
    room: { join: () => state.mayJoin },
    load: async () => {
      state.loads++
      if (state.isFailing) throw new Error('503')
      const loaded = await hub.snapshot(hub.channel.room, () => [...rows])
      if (state.loadMs > 0) await pass(state.loadMs)
      return state.position ? { ...loaded, position: state.position } : loaded
    },
  })
  const connect = () => {
    const one = createClient(contract, {
      transport: router.link({ context: undefined }),
      clock,
      lingerMs: 0,
      onReport: () => {},
    })
    open.push(() => one.connection.close())
    return one
  }
  open.push(() => hub.close())
  const client = connect()
  const queryClient = new QueryClient()
  const optionsOf = ({ load, room }: typeof client) =>
    liveOptions(load, room, { events: ['row'], reduce: append(1_000), retry: false })
  const options = optionsOf(client)
  open.push(() => queryClient.clear())
  const observer = new QueryObserver(queryClient, options)
  const write = async (times = 1) => {
    for (let time = 0; time < times; time++) {
      rows.push(rows.length + 1)
      await hub.channel.room.emit('row', rows.length)
    }
  }
  const observe = () => {
    const stop = observer.subscribe(() => {})
    open.push(stop)
    return stop
  }
  const result = () => observer.getCurrentResult()
  return {
    clock,
    hub,
    router,
    client,
    connect,
    queryClient,
    optionsOf,
    options,
    observer,
    rows,
    state,
    write,
    observe,
    result,
    entry: () => queryClient.getQueryData(options.queryKey),
    shows: (...data: number[]) => clock.runUntil(() => `${result().data}` === `${data}`),
  }
}

/** One that shows 1, left while more was written than the log keeps, and taken up again. */
async function withHole() {
  const world = setUp()
  const { clock, write, observe, result, shows } = world
  await write()
  const stop = observe()
  await shows(1)
  stop()
  await clock.advance(1_000)
  await write(5)
  world.state.isFailing = true
  observe()
  await clock.runUntil(() => result().isStale)
  return world
}

test('loads that never catch up with the log are made ever later, not in a rush', async () => {
  const { clock, state, write, observe, result, rows } = setUp()
  state.loadMs = 400 // and within that more is written than is kept
  observe()
  for (let ms = 0; ms < 60_000; ms += 50) {
    await write()
    await clock.advance(50)
  }
  expect(state.loads).toBeGreaterThan(5) // it goes on
  expect(state.loads).toBeLessThan(30)
  await clock.advance(20_000)
  expect(result()).toMatchObject({ data: rows, status: 'success', isStale: false })
})

test('at a hole the data stays as it was, and stale, with the error of the load that failed, until one succeeds', async () => {
  const { clock, state, write, result, shows } = await withHole()
  expect(result()).toMatchObject({ data: [1], isStale: true })
  await clock.runUntil(() => result().isError)
  await write(2)
  await clock.advance(5_000)
  expect(result()).toMatchObject({ data: [1], status: 'error', isStale: true })
  expect(result().error?.code).toBe('INTERNAL')
  expect(state.loads).toBeGreaterThan(2)
  state.isFailing = false
  await shows(1, 2, 3, 4, 5, 6, 7, 8)
  expect(result()).toMatchObject({ status: 'success', error: null, isStale: false })
  await write()
  await shows(1, 2, 3, 4, 5, 6, 7, 8, 9)
})

test('a hole stays one where its load is cancelled, or the data is set by hand', async () => {
  const { clock, state, queryClient, options, result, shows } = await withHole()
  await clock.runUntil(() => result().isError)
  queryClient.setQueryData(options.queryKey, (live) => live && { ...live, data: [0] })
  await clock.runUntil(() => result().isStale)
  expect(result().data).toEqual([0])
  state.isFailing = false
  state.loadMs = 1_000
  await clock.runUntil(() => result().isFetching)
  await queryClient.cancelQueries({ queryKey: options.queryKey })
  expect(result()).toMatchObject({ data: [0], isStale: true })
  await shows(1, 2, 3, 4, 5, 6)
  expect(result().isStale).toBe(false)
})

test('an event leaves it to be fetched what was invalidated, though the fetch was cut', async () => {
  const { clock, state, queryClient, options, write, observe, shows, entry } = setUp()
  const stop = observe()
  await shows()
  state.loadMs = 1_000
  void queryClient.invalidateQueries({ queryKey: options.queryKey })
  await write()
  await shows(1)
  expect(queryClient.getQueryState(options.queryKey)?.isInvalidated).toBe(true)
  stop()
  await clock.settle()
  expect(queryClient.getQueryState(options.queryKey)?.isInvalidated).toBe(true)
  const { loads } = state
  observe()
  await clock.runUntil(() => queryClient.getQueryState(options.queryKey)?.isInvalidated === false)
  expect(state.loads).toBe(loads + 1)
  expect(entry()?.data).toEqual([1])
})

test('a page that was rendered while its query was still loading is live as the data comes', async () => {
  const { clock, state, options, write } = setUp()
  await write()
  state.loadMs = 100
  const [server, browser] = [new QueryClient(), new QueryClient()]
  open.push(
    () => server.clear(),
    () => browser.clear(),
  )
  void server.prefetchQuery(options)
  const isPending = ({ state: { status } }: { state: { status: string } }) => status === 'pending'
  hydrate(browser, dehydrate(server, { shouldDehydrateQuery: isPending }))
  const observer = new QueryObserver(browser, options)
  open.push(observer.subscribe(() => {}))
  await clock.runUntil(() => observer.getCurrentResult().isSuccess)
  await write()
  await expect
    .poll(async () => {
      await clock.settle()
      return observer.getCurrentResult().data
    })
    .toEqual([1, 2])
  expect(state.loads).toBe(1)
  expect(observer.getCurrentResult()).toMatchObject({ isStale: false, isFetching: false })
})

test('data that was put there by hand, or by a store, is live while it is observed', async () => {
  const { clock, hub, state, queryClient, options, write, observe, result } = setUp()
  observe()
  await clock.runUntil(() => result().isSuccess)
  const { position } = await hub.snapshot(hub.channel.room, () => [])
  const other = new QueryClient()
  open.push(() => other.clear())
  other.setQueryData(options.queryKey, { data: [7], position })
  const observer = new QueryObserver(other, options)
  open.push(observer.subscribe(() => {}))
  await write()
  await expect
    .poll(async () => {
      await clock.settle()
      return observer.getCurrentResult().data
    })
    .toEqual([7, 1])
  expect(state.loads).toBe(1)
  expect(queryClient.getQueryData(options.queryKey)?.data).toEqual([1])
})

test('a client that was closed is the error of its live queries until it is open again', async () => {
  const { clock, client, state, write, observe, result, shows } = setUp()
  observe()
  await shows()
  for (const row of [1, 2]) {
    client.connection.close()
    await clock.runUntil(() => result().isError)
    expect(result().error?.code).toBe('CLOSED')
    await write()
    client.connection.open()
    await clock.runUntil(() => result().data?.length === row)
    expect(result()).toMatchObject({ status: 'success', error: null, isStale: false })
  }
  expect(state.loads).toBe(1)
})

test('a query whose options name another client is live over that one, and goes on from where it was', async () => {
  const { clock, client, connect, optionsOf, observer, router, state, write, observe, result, shows } =
    setUp()
  observe()
  await write()
  await shows(1)
  client.connection.close()
  await write()
  await clock.runUntil(() => result().isError)
  observer.setOptions(optionsOf(connect()))
  await shows(1, 2)
  expect(result()).toMatchObject({ status: 'success', error: null })
  await write()
  await shows(1, 2, 3)
  expect([state.loads, router.inspect().readers]).toEqual([1, 1])
})

test('the reducer, the names and the key of the latest render are used, without a fetch', async () => {
  const { client, hub, observer, state, write, observe, shows } = setUp()
  observe()
  await shows()
  const add = (data: number[], row: number) => [...data, row]
  observer.setOptions(
    liveOptions(client.load, client.room, {
      key: (item) => (typeof item === 'number' ? item : undefined),
      reduce: (data, event) => add(data, event.name === 'row' ? event.data * 10 : -1),
    }),
  )
  await write()
  await hub.channel.room.emit('other', 'x')
  await hub.channel.room.emit('row', 1)
  await write()
  await shows(10, -1, 20)
  expect(state.loads).toBe(1)
})

test('data that came from a server is fetched anew by hand, where it is not live', async () => {
  const { clock, options, state, queryClient, write } = setUp()
  let isDone = false
  void queryClient.prefetchQuery(options).then(() => {
    isDone = true
  })
  await clock.runUntil(() => isDone)
  const browser = new QueryClient()
  open.push(() => browser.clear())
  hydrate(browser, dehydrate(queryClient))
  await write()
  const observer = new QueryObserver(browser, { ...options, enabled: false })
  open.push(observer.subscribe(() => {}))
  void observer.refetch()
  await clock.runUntil(() => observer.getCurrentResult().data?.length === 1)
  expect(state.loads).toBe(2)
})

test('a function of the application, in the place of that of the options, is not asked in a rush', async () => {
  const { clock, queryClient, options } = setUp()
  vi.useFakeTimers({ toFake: ['setInterval'] })
  open.push(() => vi.useRealTimers())
  let asked = 0
  const queryFn = async () => ({ data: [++asked], position: 'e-1' })
  const observer = new QueryObserver(queryClient, { ...options, queryFn })
  open.push(observer.subscribe(() => {}))
  await clock.runUntil(() => observer.getCurrentResult().isSuccess)
  for (let ms = 0; ms < 100; ms++) {
    vi.advanceTimersByTime(1)
    await clock.settle()
  }
  expect(asked).toBe(1)
})

test('what was answered without a position is an error that says so', async () => {
  const { clock, state, observe, result } = setUp()
  state.position = 'now'
  observe()
  await clock.runUntil(() => result().isError)
  expect(result().error?.message).toBe('load: "now" is no position; give what hub.snapshot gave')
})

test('what could not be fetched while the client was closed is fetched once it is open again', async () => {
  const { clock, client, state, observe, observer, result, shows } = setUp()
  observe()
  await shows()
  client.connection.close()
  await observer.refetch()
  expect(result()).toMatchObject({ status: 'error', isStale: true })
  client.connection.open()
  await clock.runUntil(() => result().isSuccess)
  expect(result()).toMatchObject({ error: null, isStale: false })
  expect(state.loads).toBe(2)
})

test('a topic that is refused stays the error of its query when that is fetched again, until it is allowed', async () => {
  const { clock, client, state, write, observe, observer, result, shows } = setUp()
  state.mayJoin = false
  observe()
  await clock.runUntil(() => result().error?.code === 'FORBIDDEN')
  for (const rows of [0, 1]) {
    await write(rows)
    void observer.refetch()
    await clock.runUntil(() => result().data?.length === rows && !result().isFetching)
    await clock.settle()
    expect(result().error?.code).toBe('FORBIDDEN')
  }
  state.mayJoin = true
  client.connection.reconnect()
  await clock.runUntil(() => result().isSuccess)
  await write()
  await shows(1, 2)
})

test('events that are left out, or change nothing, draw nothing, and are not read again', async () => {
  const { clock, hub, queryClient, options, observer, write, state, result, shows, router } = setUp()
  let drawn = 0
  const stop = observer.subscribe(() => {
    drawn++
  })
  await write()
  await shows(1)
  const { dataUpdatedAt } = result()
  drawn = 0
  for (let time = 0; time < 5; time++) await hub.channel.room.emit('other', 'x')
  await clock.advance(100)
  expect([drawn, result().dataUpdatedAt]).toEqual([0, dataUpdatedAt])
  const before = queryClient.getQueryData(options.queryKey)?.position
  stop()
  await clock.advance(100)
  expect(router.inspect().readers).toBe(0)
  expect(queryClient.getQueryData(options.queryKey)?.position).not.toBe(before)
  open.push(observer.subscribe(() => {})) // further back there is a hole
  await write()
  await shows(1, 2)
  expect(state.loads).toBe(1)
})

test('what was loaded already is dropped by its key as it comes', async () => {
  const { clock, client, hub, queryClient, rows } = setUp()
  const keyed = liveOptions(client.load, client.room, {
    events: ['row'],
    key: (row) => row,
    reduce: append(1_000),
  })
  rows.push(1, 2) // stored, and not yet emitted
  const observer = new QueryObserver(queryClient, keyed)
  open.push(observer.subscribe(() => {}))
  await clock.runUntil(() => client.room.status.getSnapshot().status === 'live')
  for (const row of [1, 2, 3, 3]) await hub.channel.room.emit('row', row)
  await clock.runUntil(() => observer.getCurrentResult().data?.length === 3)
  await clock.advance(100)
  expect(observer.getCurrentResult().data).toEqual([1, 2, 3])
  for (const next of [4, 6]) {
    rows.push(next - 1, next) // the second time it is fetched at the position where the reader is
    void observer.refetch()
    await clock.runUntil(() => observer.getCurrentResult().data?.length === next)
    for (const row of [next, next + 1]) await hub.channel.room.emit('row', row)
    await clock.advance(100)
  }
  expect(observer.getCurrentResult().data).toEqual([1, 2, 3, 4, 5, 6, 7])
})

test('a call and its live query are two queries, and both are invalidated by the call', async () => {
  const { client, queryClient, options } = setUp()
  const plain = queryOptions(client.load)
  await queryClient.fetchQuery(plain)
  await queryClient.fetchQuery(options)
  expect(queryClient.getQueryCache().findAll({ queryKey: plain.queryKey })).toHaveLength(2)
})
