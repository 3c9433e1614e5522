/** Mutations and the queries that they invalidate, over a link that breaks, in virtual time. */
import { createClient } from '@parley/client'
import { mutationOptions, queryKey, queryOptions } from '@parley/client/query'
import { createRouter } from '@parley/server'
import { createHubWith, openMemoryLog } from '@parley/server/internal'
import { call, defineContract } from '@parley/shared'
import { breakableLink, virtualClock } from '@parley/shared/testing'
import { MutationObserver, onlineManager, QueryClient, QueryObserver } from '@tanstack/query-core'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'

const contract = defineContract({
  list: call({ output: z.array(z.string()), idempotent: true }),
  add: call({ input: z.string(), output: z.number() }),
})

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function setUp() {
  const clock = virtualClock()
  const { log } = openMemoryLog({ clock })
  const hub = createHubWith(contract, { log, onReport: () => {} }, clock)
  const rows: string[] = []
  const state = { isListFailing: false, isSilent: false }
  const router = createRouter(hub, {
    list: () => {
      if (state.isListFailing) throw new Error('503')
      return [...rows]
    },
    add: ({ input }) => {
      rows.push(input)
      return state.isSilent ? new Promise<number>(() => {}) : rows.length
    },
  })
  const link = breakableLink(router.link({ context: undefined }), clock)
  const client = createClient(contract, { transport: link, clock, onReport: () => {} })
  const queryClient = new QueryClient()
  open.push(
    () => hub.close(),
    () => client.connection.close(),
    () => queryClient.clear(),
  )
  const list = new QueryObserver(queryClient, queryOptions(client.list, { retry: false }))
  open.push(list.subscribe(() => {}))
  await clock.runUntil(() => list.getCurrentResult().isSuccess)
  return { clock, rows, state, link, client, queryClient, list, shown: () => list.getCurrentResult() }
}

test('a mutation is pending until the page shows what came of it, also where the page has an own onSettled', async () => {
  const { clock, client, queryClient, shown } = await setUp()
  const told: unknown[] = []
  const add = new MutationObserver(queryClient, {
    ...mutationOptions(client.add, { invalidates: [queryKey(client.list)] }),
    onSuccess: () => void told.push(['success', shown().data]),
    onSettled: () => void told.push(['settled', shown().data]),
  })
  void add.mutate('x')
  await clock.runUntil(() => add.getCurrentResult().isSuccess)
  expect(told).toEqual([
    ['success', ['x']],
    ['settled', ['x']],
  ])
})

test('a mutation that succeeded has succeeded, though what it invalidates can not be fetched', async () => {
  const { clock, state, client, queryClient, shown } = await setUp()
  const add = new MutationObserver(
    queryClient,
    mutationOptions(client.add, { invalidates: [queryKey(client.list)] }),
  )
  state.isListFailing = true
  const done = add.mutate('x')
  await clock.runUntil(() => !add.getCurrentResult().isPending)
  expect(await done).toBe(1)
  expect(shown()).toMatchObject({ data: [], status: 'error' })
})

test('a mutation that failed says so at once, and the page shows the truth when it can be had', async () => {
  const { clock, state, link, client, queryClient, shown } = await setUp()
  const add = new MutationObserver(
    queryClient,
    mutationOptions(client.add, { invalidates: [queryKey(client.list)] }),
  )
  state.isSilent = true
  const startMs = clock.now()
  add.mutate('x').catch(() => {})
  await clock.advance(500)
  link.refuse(true)
  link.cut()
  await clock.runUntil(() => add.getCurrentResult().isError)
  expect(clock.now() - startMs).toBeLessThanOrEqual(10_000) // its deadline
  expect(add.getCurrentResult().error?.code).toBe('TIMEOUT')
  expect(shown()).toMatchObject({ data: [], isFetching: true })
  link.refuse(false)
  await clock.runUntil(() => shown().data?.length === 1)
})

test('what is fetched where nobody knows whether a mutation ran comes after what was rolled back', async () => {
  const { clock, state, client, queryClient, shown } = await setUp()
  const told: unknown[] = []
  const add = new MutationObserver(
    queryClient,
    mutationOptions(client.add, {
      invalidates: [queryKey(client.list)],
      onMutate: (text) => {
        queryClient.setQueryData(queryKey(client.list), (rows = []) => [...rows, `${text}?`])
      },
      onError: async () => {
        await clock.settle() // it takes its time
        told.push(shown().isFetching)
        queryClient.setQueryData(queryKey(client.list), [])
      },
    }),
  )
  state.isSilent = true
  add.mutate('x').catch(() => {})
  await clock.runUntil(() => shown().data?.[0] === 'x?')
  await clock.runUntil(() => add.getCurrentResult().isError)
  await clock.runUntil(() => shown().data?.[0] === 'x')
  expect(told).toEqual([false])
  expect(queryClient.getMutationCache().hasListeners()).toBe(false)
})

test('what is done while the browser is offline waits in Parley alone, and runs once', async () => {
  const { clock, rows, link, client, queryClient } = await setUp()
  queryClient.mount()
  open.push(() => queryClient.unmount())
  const add = new MutationObserver(queryClient, mutationOptions(client.add))
  link.refuse(true)
  link.cut()
  onlineManager.setOnline(false)
  add.mutate('x').catch(() => {})
  await clock.advance(2_000)
  expect(add.getCurrentResult()).toMatchObject({ isPending: true, isPaused: false })
  link.refuse(false)
  onlineManager.setOnline(true)
  await queryClient.resumePausedMutations()
  await clock.runUntil(() => add.getCurrentResult().isSuccess)
  await clock.advance(60_000)
  expect(rows).toEqual(['x'])
})
