import { appendDedupMs, type Position } from '@parley/shared/internal'
import { expect } from 'vitest'
import type { NewEntry } from '../../../src/logs/log.js'
import {
  appendAll,
  collector,
  type DeclareTest,
  entryOf,
  readAll,
  textsOf,
  topicOf,
  wide,
} from './harness.js'

const general = topicOf('room{"id":"general"}')
const other = topicOf('room{"id":"other"}')

export function appendTests(test: DeclareTest): void {
  test('offsets rise over the whole log from 1, whatever the topic, and stay exact numbers', async ({
    log,
  }) => {
    let before = 0
    for (let i = 0; i < 20; i++) {
      const { offset } = await log.append(entryOf(i % 3 === 0 ? other : general, `${i}`))
      expect(offset).toBeGreaterThan(before)
      expect(Number.isSafeInteger(offset)).toBe(true)
      before = offset
    }
  })

  test('appends that one process starts side by side are numbered in the order of their start', async ({
    log,
  }) => {
    const texts = Array.from({ length: 50 }, (_, i) => `${i}`)
    const positions = await Promise.all(
      texts.map((text, i) => log.append(entryOf(i % 2 ? general : other, text))),
    )
    const offsets = positions.map(({ offset }) => offset)
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
    expect((await readAll(log, general, 'first')).texts).toEqual(texts.filter((_, i) => i % 2))
  })

  test('an entry can be read as soon as its append has resolved, as it was given', async ({ log }) => {
    const given = entryOf(general, 'hello', {
      data: {
        json: '{"at":"2026","n":1}',
        meta: '{"values":{"at":["Date"]}}',
        blobs: [Uint8Array.of(0, 255)],
      },
      except: 'client-1',
      schema: 'abc',
    })
    const { offset } = await log.append(given)
    const [entry] = (await log.read(general, 'first', wide)).entries
    expect(entry).toMatchObject({ id: given.id, name: 'said', schema: 'abc', except: 'client-1', offset })
    expect(entry!.topic).toBe(general.key)
    expect(entry!.data.json).toBe(given.data.json)
    expect(entry!.data.meta).toBe(given.data.meta)
    expect([...entry!.data.blobs![0]!]).toEqual([0, 255])
    expect(Number.isSafeInteger(entry!.at)).toBe(true)
  })

  test('an entry that is excepted from nobody says so', async ({ log }) => {
    await log.append(entryOf(general, 'hello'))
    expect((await log.read(general, 'first', wide)).entries[0]!.except).toBeUndefined()
  })

  test('the same id again is stored once, told once, and resolves to the first position', async ({ log }) => {
    const tail = collector()
    await log.tail(tail.listener)
    const entry = entryOf(general, 'once')
    const first = await log.append(entry)
    await appendAll(log, general, ['between'])
    expect(await log.append(entry)).toEqual(first)
    const last = await log.append(entryOf(general, 'last'))
    expect((await readAll(log, general, 'first')).texts).toEqual(['once', 'between', 'last'])
    expect(await tail.textsUntil(last)).toEqual(['once', 'between', 'last'])
  })

  test('the same id again while the first append is under way is stored once', async ({ log }) => {
    const entry = entryOf(general, 'once')
    const [first, second] = await Promise.all([log.append(entry), log.append(entry)])
    expect(second).toEqual(first)
    expect((await readAll(log, general, 'first')).texts).toEqual(['once'])
  })

  test('the same id for another topic or another event name is another entry', async ({ log }) => {
    const id = 'order-17'
    const positions = [
      await log.append(entryOf(general, 'created', { id, name: 'created' })),
      await log.append(entryOf(general, 'paid', { id, name: 'paid' })),
      await log.append(entryOf(other, 'created', { id, name: 'created' })),
    ]
    expect(new Set(positions.map(({ offset }) => offset)).size).toBe(3)
    expect((await readAll(log, general, 'first')).texts).toEqual(['created', 'paid'])
    expect((await readAll(log, other, 'first')).texts).toEqual(['created'])
  })

  test(
    'an id is recognised until two minutes have passed, whenever it came',
    ['clock'],
    async ({ log, clock }) => {
      const appended: { entry: NewEntry; position: Position }[] = []
      for (let i = 0; i < 40; i++) {
        const entry = entryOf(general, `${i}`)
        appended.push({ entry, position: await log.append(entry) })
        // the oldest of these is two minutes old but for a millisecond
        for (const { entry, position } of appended.slice(-12))
          expect(await log.append(entry)).toEqual(position)
        await clock.advance((appendDedupMs - 1) / 11)
      }
      expect((await readAll(log, general, 'first')).texts).toHaveLength(40)
    },
  )

  test('a repeated id is recognised after its entry was trimmed', async ({ log }) => {
    const short = topicOf('short', { last: 1, forMs: 3_600_000, bytes: 1_000 })
    const entry = entryOf(short, 'once')
    const first = await log.append(entry)
    await appendAll(log, short, ['newer'])
    expect(await log.append(entry)).toEqual(first)
    expect((await readAll(log, short, 'first')).texts).toEqual(['newer'])
  })

  test(
    'an entry says when it was taken, and time does not go back with the wall clock',
    ['clock'],
    async (under) => {
      const { log, clock } = under
      const before = clock.now()
      await log.append(entryOf(general, 'a'))
      await clock.advance(1_000)
      await log.append(entryOf(other, 'b'))
      clock.adjust(-60_000)
      await log.append(entryOf(general, 'c'))
      await clock.advance(100_000)
      await log.append(entryOf(general, 'd'))
      const { entries } = await readAll(log, general, 'first')
      expect(textsOf(entries)).toEqual(['a', 'c', 'd'])
      expect(entries.map(({ at }) => at - before)).toEqual([0, 1_000, 41_000])
    },
  )

  test(
    'what another process appended is read, and numbered in the same sequence',
    ['another'],
    async (under) => {
      const second = await under.another()
      const a = await under.log.append(entryOf(general, 'a'))
      const b = await second.append(entryOf(general, 'b'))
      const c = await under.log.append(entryOf(general, 'c'))
      expect(b.epoch).toBe(a.epoch)
      expect([a.offset, b.offset, c.offset]).toEqual([a.offset, b.offset, c.offset].sort((x, y) => x - y))
      expect((await readAll(second, general, 'first')).texts).toEqual(['a', 'b', 'c'])
      expect((await readAll(under.log, general, a)).texts).toEqual(['b', 'c'])
    },
  )

  test('another process repeats an id without a second entry', ['another'], async (under) => {
    const entry = entryOf(general, 'once')
    const first = await under.log.append(entry)
    expect(await (await under.another()).append(entry)).toEqual(first)
    expect((await readAll(under.log, general, 'first')).texts).toEqual(['once'])
  })
}
