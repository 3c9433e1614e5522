import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { memoryLog } from '../../src/logs/memory.js'
import { type DelayingLogOptions, delayingLog } from './delaying-log.js'
import { appendAll, collector, entryOf, textsOf, topicOf, wide } from './suite/harness.js'

const room = topicOf('room')

function world(options?: DelayingLogOptions, seed = 1) {
  const clock = virtualClock({ seed })
  const inner = memoryLog({ clock })
  return { clock, inner, log: delayingLog(inner, clock, clock.random, options) }
}

test('a read takes 0 to 50 ms, and sees the log at its start, at its end, or in between', async () => {
  const times = new Set<number>()
  const seen = new Set<string>()
  for (let seed = 1; seed <= 300; seed++) {
    const { clock, inner, log } = world({}, seed)
    const start = clock.now()
    const reading = log.read(room, 'first', wide).then((page) => {
      times.add(clock.now() - start)
      return { page, took: clock.now() - start }
    })
    // an entry in each millisecond of the read
    for (let ms = 0; ms <= 50; ms++) {
      await inner.append(entryOf(room, `${ms}`))
      await clock.advance(1)
    }
    const { page, took } = await reading
    const { length } = page.entries
    expect(textsOf(page.entries)).toEqual(Array.from({ length }, (_, i) => `${i}`))
    seen.add(length === 0 ? 'start' : length >= took ? 'end' : 'between')
    expect(clock.pending()).toBe(0)
  }
  expect(Math.min(...times)).toBe(0)
  expect(Math.max(...times)).toBe(50)
  expect(seen).toEqual(new Set(['start', 'end', 'between']))
})

test('an append takes effect in the order of calls, and can be acknowledged late and out of order', async () => {
  const { clock, inner, log } = world({ acknowledgeMs: 50 })
  const acknowledged: number[] = []
  const appends = Array.from({ length: 20 }, (_, i) =>
    log.append(entryOf(room, `${i}`)).then(({ offset }) => acknowledged.push(offset)),
  )
  expect(textsOf((await inner.read(room, 'first', wide)).entries)).toHaveLength(20)
  expect(acknowledged).toEqual([])
  await clock.advance(50)
  await Promise.all(appends)
  const inOrder = Array.from({ length: 20 }, (_, i) => i + 1)
  expect([...acknowledged].sort((a, b) => a - b)).toEqual(inOrder)
  expect(acknowledged).not.toEqual(inOrder)
})

test('the items of a tail come late, in order, and not at all once it is closed', async () => {
  const { clock, log } = world({ tailMs: 50 })
  const late = collector()
  const beginning = log.tail(late.listener)
  await clock.advance(50)
  const tail = await beginning
  const texts = Array.from({ length: 20 }, (_, i) => `${i}`)
  const positions = await appendAll(log, room, texts)
  expect(late.items).toHaveLength(0)
  await clock.advance(50)
  expect(await late.textsUntil(positions.at(-1)!)).toEqual(texts)
  await appendAll(log, room, ['after'])
  tail.close()
  await clock.advance(50)
  expect(late.items).toHaveLength(20)
  expect(clock.pending()).toBe(0)
})

test('without delays it is the log that it wraps', async () => {
  const { clock, log } = world({ readMs: 0 })
  const tail = collector()
  await log.tail(tail.listener)
  const [position] = await appendAll(log, room, ['a'])
  expect(tail.items).toHaveLength(1)
  expect((await log.read(room, 'first', wide)).position).toEqual(position)
  expect(clock.pending()).toBe(0)
  await log.close()
  await expect(log.read(room, 'first', wide)).rejects.toMatchObject({ code: 'CLOSED' })
})
