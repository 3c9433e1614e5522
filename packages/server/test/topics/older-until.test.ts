/** A bounded read whose end is a position of an epoch before: it ends at the place that this has in the epoch of today. */
import { channel, defineContract } from '@parley/shared'
import { parsePosition } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith } from '../../src/hub.js'
import { anyone, createRouter } from '../../src/index.js'
import { openMemoryLog } from '../../src/logs/memory.js'
import { insideOf } from '../../src/router.js'

const contract = defineContract({
  news: channel({ events: { item: z.number() }, replay: { last: 3, for: '1h' } }),
})

function setUp() {
  const clock = virtualClock()
  const { log, newEpoch } = openMemoryLog({ clock })
  const hub = createHubWith(contract, { log }, clock)
  const router = createRouter(hub, { news: { join: anyone } })
  const emit = async (...numbers: number[]) => {
    const positions: string[] = []
    for (const n of numbers) positions.push(await hub.channel.news.emit('item', n))
    return positions
  }
  /** What a bounded read brings, and what it says at its end. */
  const read = async (from: string, until: string) => {
    const request = new Request(`http://localhost/events/news?from=${from}&until=${until}`)
    const response = await insideOf(router).fetch(request, '/events/news')
    const text = response.text()
    await clock.advance(0)
    const blocks = (await text).split('\n\n')
    const dataOf = (event: string) =>
      blocks
        .filter((block) => block.includes(`event:${event}\n`))
        .map((block): unknown => JSON.parse(/^data:(.*)$/m.exec(block)![1]!))
    return { items: dataOf('item'), gaps: dataOf('parley.gap'), live: dataOf('parley.live') }
  }
  return { newEpoch, emit, read }
}

test('nothing above that place is given, and the last n are counted from there', async () => {
  const { newEpoch, emit, read } = setUp()
  const [, two] = await emit(1, 2)
  const epoch = newEpoch()
  await emit(3)
  expect(await read('first', two!)).toEqual({ items: [1, 2], gaps: [], live: [{ position: two, epoch }] })
  expect((await read('last:1', two!)).items).toEqual([2])
})

test('where the log lost it, the read ends at what is left', async () => {
  const { newEpoch, emit, read } = setUp()
  const [one, two] = await emit(1, 2)
  newEpoch(parsePosition(one!)!.offset)
  await emit(3)
  expect((await read('first', two!)).items).toEqual([1])
})

test('where all up to there was given up, nothing is given: what came after it is read from there, and has its gap', async () => {
  const { newEpoch, emit, read } = setUp()
  const [, two] = await emit(1, 2)
  const epoch = newEpoch()
  const [, , , six] = await emit(3, 4, 5, 6, 7, 8)
  expect(await read('first', two!)).toMatchObject({ items: [], gaps: [], live: [{ position: two, epoch }] })
  expect(await read(two!, six!)).toMatchObject({ items: [6], gaps: [{ after: two, reason: 'trimmed' }] })
})

test('a read that begins above its end says where it began, in the epoch of today', async () => {
  const { newEpoch, emit, read } = setUp()
  const [one, two] = await emit(1, 2)
  const epoch = newEpoch()
  const above = `${epoch}-${parsePosition(two!)!.offset}`
  const below = `${epoch}-${parsePosition(one!)!.offset}`
  expect(await read(two!, below)).toEqual({ items: [], gaps: [], live: [{ position: above }] })
})

test('an end of the epoch of today says no epoch of its own', async () => {
  const { emit, read } = setUp()
  const [, two] = await emit(1, 2)
  expect(await read('first', two!)).toEqual({ items: [1, 2], gaps: [], live: [{ position: two }] })
})
