/**
 * No hole between what was loaded and what is read, however the two interleave: a table of rows, each written and then
 * emitted, over a log that is out of step with everybody, and clients that begin from a snapshot.
 */
import { createClient, type ReadGap } from '@parley/client'
import { createRouter, memoryLog } from '@parley/server'
import { createHubWith } from '@parley/server/internal'
import { channel, defineContract } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createChannelStore } from '../packages/client/src/react/channel-store.js'
import { delayingLog } from '../packages/server/test/logs/delaying-log.js'

function setUp(seed: number, last: number) {
  const contract = defineContract({
    room: channel({
      params: z.object({ id: z.string() }),
      events: { row: z.number(), other: z.number() },
      replay: { last, for: '1h' },
    }),
  })
  const clock = virtualClock({ seed })
  const roll = (most: number) => Math.floor(clock.random() * (most + 1))
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve))
  const log = delayingLog(memoryLog({ clock }), clock, clock.random, { acknowledgeMs: 30, tailMs: 40 })
  const hub = createHubWith(contract, { log, onReport: () => {} }, clock)
  const router = createRouter(hub, { room: { join: () => true } })
  const client = createClient(contract, {
    transport: router.link({ context: undefined }),
    clock,
    onReport: () => {},
  })
  const topic = hub.channel.room({ id: 'a' })
  /** What is written: the truth. */
  const rows: number[] = []
  return {
    clock,
    client,
    room: client.room({ id: 'a' }),
    rows,
    roll,
    wait,
    /** Stored first, emitted after it; each row when the one before has been. */
    async write(): Promise<void> {
      const row = rows.length + 1
      rows.push(row)
      if (roll(1)) await wait(roll(20))
      await topic.emit('row', row)
    },
    emitOther: () => topic.emit('other', 0),
    /** A query that takes its time, and sees the table as it was at some moment within it. */
    snapshot: () =>
      hub.snapshot(topic, async () => {
        await wait(roll(60))
        const data = [...rows]
        await wait(roll(60))
        return data
      }),
    async close() {
      client.connection.close()
      await hub.close()
    },
  }
}

type World = ReturnType<typeof setUp>

/** Writes one row after another until it is told to stop. */
async function writing({ write, emitOther, wait, roll }: World, rows: number): Promise<void> {
  for (let row = 0; row < rows; row++) {
    if (roll(3) === 0) await emitOther()
    await write()
    await wait(roll(50))
  }
}

/** Runs all of it in virtual time. */
async function until(world: World, work: Promise<unknown>): Promise<void> {
  let isDone = false
  const settled = work.finally(() => {
    isDone = true
  })
  settled.catch(() => {}) // thrown below
  await world.clock.runUntil(() => isDone, 600_000)
  await settled
}

const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 })

test('what was loaded, and what is read from its position, is every row: in order, and none twice but by its key', {
  timeout: 240_000,
}, async () => {
  let overlaps = 0
  await fc.assert(
    fc.asyncProperty(seeds, fc.integer({ min: 0, max: 300 }), async (seed, afterMs) => {
      const world = setUp(seed, 1_000)
      const { client, room, rows, snapshot, wait, roll, clock } = world
      const read: number[] = []
      const page = (async () => {
        await wait(afterMs)
        const { data, position } = await snapshot()
        await wait(roll(200)) // the page travels
        room.on('row', (row) => read.push(row), { from: JSON.parse(JSON.stringify(position)) })
        await wait(roll(100))
        client.connection.reconnect()
        return data
      })()
      await until(world, Promise.all([writing(world, 20), page]))
      await clock.advance(10_000)
      const data = await page
      const isIn = new Set(data)
      overlaps += read.filter((row) => isIn.has(row)).length
      expect([...data, ...read.filter((row) => !isIn.has(row))]).toEqual(rows)
      expect(new Set(read).size).toBe(read.length)
      await world.close()
    }),
    { numRuns: 30 },
  )
  expect(overlaps).toBeGreaterThan(0) // else the hard case never came up
})

test('a state that is loaded again after each gap comes to all rows, whatever is lost, cut and failing meanwhile', {
  timeout: 240_000,
}, async () => {
  let gaps = 0
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const world = setUp(seed, 2)
      const { client, room, rows, snapshot, wait, roll, clock } = world
      const store = createChannelStore<readonly number[]>({
        channel: room as never,
        reduce: (all, { data }) => [...all, data as number],
        data: [],
        from: 'first',
        events: ['row'],
        key: (row) => row,
        load: async () => {
          if (roll(2) === 0) throw new Error('503')
          return snapshot()
        },
      })
      const shown = () => {
        const now = store.getSnapshot()
        if (now.failure) throw now.failure.error
        return now.shown
      }
      let lastGap: ReadGap | undefined
      const stop = store.subscribe(() => {
        const { gap, state } = shown()
        if (gap && gap !== lastGap) gaps++
        lastGap = gap
        expect(new Set(state).size).toBe(state.length)
      })
      const cuts = (async () => {
        for (let cut = 0; cut < 5; cut++) {
          await wait(roll(400))
          client.connection.close()
          await wait(roll(400))
          client.connection.open()
        }
      })()
      await until(world, Promise.all([writing(world, 40), cuts]))
      await clock.runUntil(() => shown().gap === undefined && shown().status === 'live', 600_000)
      await clock.advance(10_000)
      expect(shown()).toEqual({ state: rows, gap: undefined, status: 'live' })
      stop()
      await world.close()
    }),
    { numRuns: 20 },
  )
  expect(gaps).toBeGreaterThan(0) // else nothing was mended
})
