/**
 * A live query comes to the truth, and shows nothing twice and no hole on the way, however writes, cuts, refetches,
 * invalidations, failing loads, gaps and observers that come and go fall among each other. What is owed - a fetch that
 * was asked for - stays owed until one succeeded, and loads that never catch up with the log are not made in a rush.
 */
import { createClient } from '@parley/client'
import { append, liveOptions } from '@parley/client/query'
import { createRouter, memoryLog } from '@parley/server'
import { createHubWith } from '@parley/server/internal'
import { call, channel, defineContract } from '@parley/shared'
import { clientDefaults } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { type QueryCacheNotifyEvent, QueryClient, QueryObserver } from '@tanstack/query-core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { delayingLog } from '../packages/server/test/logs/delaying-log.js'

const contract = defineContract({
  room: channel({ events: { row: z.number(), other: z.number() }, replay: { last: 3, for: '1h' } }),
  load: call({ output: z.object({ data: z.array(z.number()), position: z.string() }), idempotent: true }),
})

function setUp(seed: number) {
  const clock = virtualClock({ seed })
  const roll = (most: number) => Math.floor(clock.random() * (most + 1))
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve))
  const log = delayingLog(memoryLog({ clock }), clock, clock.random, { acknowledgeMs: 30, tailMs: 40 })
  const hub = createHubWith(contract, { log, onReport: () => {} }, clock)
  const rows: number[] = []
  let isOver = false
  let loads = 0
  /** Each load is of a state that the log has left behind by the time it comes. */
  let isSlow = false
  const router = createRouter(hub, {
    room: { join: () => true },
    load: async () => {
      loads++
      if (!isOver && !isSlow && roll(4) === 0) throw new Error('503')
      const loaded = await hub.snapshot(hub.channel.room, async () => {
        await wait(roll(60))
        const data = [...rows]
        await wait(roll(60))
        return data
      })
      if (isSlow) await wait(200)
      return loaded
    },
  })
  const client = createClient(contract, {
    transport: router.link({ context: undefined }),
    clock,
    onReport: () => {},
  })
  const queryClient = new QueryClient()
  const options = liveOptions(client.load, client.room, {
    events: ['row'],
    reduce: append(1_000, (row) => row),
    retry: false,
    gcTime: Number.POSITIVE_INFINITY,
  })
  return {
    clock,
    roll,
    wait,
    rows,
    hub,
    router,
    client,
    queryClient,
    options,
    async write(): Promise<void> {
      const row = rows.length + 1
      rows.push(row)
      if (roll(1)) await wait(roll(20))
      await hub.channel.room.emit('row', row)
    },
    loads: () => loads,
    slow: (is: boolean) => {
      isSlow = is
    },
    end: () => {
      isOver = true
    },
  }
}

/** Watches what the cache holds, at each change of it. */
function watch({ queryClient, options }: ReturnType<typeof setUp>) {
  const faults: unknown[] = []
  let holes = 0
  let isOwed = false
  let isAsking = false
  const stop = queryClient.getQueryCache().subscribe((event: QueryCacheNotifyEvent) => {
    if (event.type !== 'updated') return
    const { action, query } = event
    if (action.type === 'invalidate') {
      isOwed = true
      if (!isAsking) holes++ // nobody but the reader says so
    }
    // TanStack puts a fetch that is cut back to where that began
    const isCut = action.type === 'setState' && action.state.fetchStatus === 'idle'
    if ((action.type === 'success' && !action.manual) || isCut) isOwed = false
    if (isOwed && !query.state.isInvalidated) faults.push(['what was owed is forgotten', action])
    const { data } = queryClient.getQueryData(options.queryKey) ?? {}
    if (data?.some((row, i) => row !== i + 1)) faults.push(['a hole, a repeat or disorder', data])
  })
  return {
    stop,
    faults,
    holes: () => holes,
    async invalidate(): Promise<void> {
      isAsking = true
      const asked = queryClient.invalidateQueries({ queryKey: options.queryKey })
      isAsking = false
      await asked
    },
  }
}

test('a live query comes to every row, in order and none twice, and never shows a hole, whatever happens meanwhile', {
  timeout: 240_000,
}, async () => {
  let holes = 0
  let refetches = 0
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (seed) => {
      const world = setUp(seed)
      const { clock, roll, wait, rows, hub, router, client, queryClient, options, write } = world
      const entry = () => queryClient.getQueryData(options.queryKey)
      const watched = watch(world)
      const several = async (times: number, mostMs: number, run: () => unknown) => {
        for (let time = 0; time < times; time++) {
          await wait(roll(mostMs))
          await run()
        }
      }
      const finish = async (work: Promise<unknown>) => {
        let isDone = false
        void work.then(() => {
          isDone = true
        })
        await clock.runUntil(() => isDone, 600_000)
        await work
      }
      await finish(
        Promise.all([
          several(40, 50, write),
          several(8, 250, () => hub.channel.room.emit('other', 0)),
          several(4, 400, async () => {
            if (roll(1)) return client.connection.reconnect()
            client.connection.close()
            await wait(roll(400))
            client.connection.open()
          }),
          several(6, 300, () => {
            refetches++
            queryClient.refetchQueries({ queryKey: options.queryKey }).catch(() => {}) // it may be cut
          }),
          several(4, 400, () => void watched.invalidate()),
          several(6, 200, async () => {
            const stop = new QueryObserver(queryClient, options).subscribe(() => {})
            await wait(roll(300))
            stop()
          }),
        ]),
      )
      const last = new QueryObserver(queryClient, options)
      const stop = last.subscribe(() => {})

      // every load lies behind the log: each is followed by a hole
      world.slow(true)
      const before = world.loads()
      const startMs = clock.now()
      await finish(several(100, 60, write))
      const mostLoads = 2 + (clock.now() - startMs) / clientDefaults.reconnectBaseMs
      if (world.loads() - before > mostLoads) watched.faults.push(['a rush', world.loads() - before])

      world.slow(false)
      world.end()
      if (!entry()) void last.refetch()
      await clock.runUntil(() => last.getCurrentResult().isSuccess, 600_000)
      await clock.advance(60_000)
      expect(watched.faults).toEqual([])
      expect(last.getCurrentResult()).toMatchObject({ status: 'success', isStale: false })
      expect(entry()?.data).toEqual(rows)
      holes += watched.holes()
      stop()
      watched.stop()
      await clock.advance(2_000)
      expect(router.inspect().readers).toBe(0)
      queryClient.clear()
      client.connection.close()
      await hub.close()
    }),
    { numRuns: 40 },
  )
  expect(holes).toBeGreaterThan(0) // else nothing was mended
  expect(refetches).toBeGreaterThan(0)
})
