/**
 * A live query comes to the truth, and holds nothing twice on the way, however writes, cuts, refetches, failing loads,
 * gaps and observers that come and go fall among each other.
 */
import { createClient } from '@parley/client'
import { append, liveOptions } from '@parley/client/query'
import { createRouter, memoryLog } from '@parley/server'
import { createHubWith } from '@parley/server/internal'
import { call, channel, defineContract } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { QueryClient, QueryObserver } from '@tanstack/query-core'
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
  const router = createRouter(hub, {
    room: { join: () => true },
    load: async () => {
      if (!isOver && roll(4) === 0) throw new Error('503')
      return hub.snapshot(hub.channel.room, async () => {
        await wait(roll(60))
        const data = [...rows]
        await wait(roll(60))
        return data
      })
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
    end: () => {
      isOver = true
    },
  }
}

test('a live query comes to every row, in order and none twice, whatever happens meanwhile', {
  timeout: 60_000,
}, async () => {
  let gaps = 0
  let refetches = 0
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (seed) => {
      const world = setUp(seed)
      const { clock, roll, wait, rows, hub, router, client, queryClient, options, write } = world
      const entry = () => queryClient.getQueryData(options.queryKey)
      const faults: unknown[] = []
      const stopWatching = queryClient.getQueryCache().subscribe(() => {
        const now = entry()
        if (!now) return
        if (new Set(now.data).size < now.data.length) faults.push(now)
        if (now.gap) gaps++
        else if (now.data.some((row, i) => row !== i + 1)) faults.push(now) // a hole that nobody is told of
      })
      const several = async (times: number, mostMs: number, run: () => unknown) => {
        for (let time = 0; time < times; time++) {
          await wait(roll(mostMs))
          await run()
        }
      }
      const work = Promise.all([
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
        several(6, 200, async () => {
          const stop = new QueryObserver(queryClient, options).subscribe(() => {})
          await wait(roll(300))
          stop()
        }),
      ])
      let isDone = false
      void work.then(() => {
        isDone = true
      })
      await clock.runUntil(() => isDone, 600_000)
      await work
      world.end()
      const last = new QueryObserver(queryClient, options)
      const stop = last.subscribe(() => {})
      if (!entry()) void last.refetch()
      await clock.runUntil(() => entry() !== undefined && !entry()?.gap, 600_000)
      await clock.advance(60_000)
      expect(faults).toEqual([])
      expect(entry()?.gap).toBe(undefined)
      expect(entry()?.data).toEqual(rows)
      stop()
      stopWatching()
      await clock.advance(2_000)
      expect(router.inspect().readers).toBe(0)
      queryClient.clear()
      client.connection.close()
      await hub.close()
    }),
    { numRuns: 40 },
  )
  expect(gaps).toBeGreaterThan(0) // else nothing was mended
  expect(refetches).toBeGreaterThan(0)
})
