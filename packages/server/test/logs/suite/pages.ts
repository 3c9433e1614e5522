import { expect } from 'vitest'
import { appendAll, type DeclareTest, entryOf, readAll, textsOf, topicOf, wide } from './harness.js'

const general = topicOf('room{"id":"general"}')
const other = topicOf('room{"id":"other"}')

export function pageTests(test: DeclareTest): void {
  test('a topic without entries has the log’s head as its position', async ({ log }) => {
    const empty = await log.read(general, { last: 0 }, wide)
    expect(empty.position.offset).toBe(0)
    const [head] = await appendAll(log, other, ['elsewhere'])
    for (const from of ['first', { last: 0 }, { last: 5 }, empty.position] as const) {
      const page = await log.read(general, from, wide)
      expect(page).toMatchObject({ entries: [], position: head, done: true })
      expect(page.gap).toBeUndefined()
    }
  })

  test('a position of a topic without entries misses nothing that comes', async ({ log }) => {
    const { position } = await log.read(general, { last: 0 }, wide)
    await appendAll(log, other, ['elsewhere'])
    await appendAll(log, general, ['a', 'b'])
    expect(await readAll(log, general, position)).toMatchObject({ texts: ['a', 'b'], gaps: [] })
  })

  test('a reader gets what is above its position, in order, and none of another topic', async ({ log }) => {
    const [, second] = await appendAll(log, general, ['a', 'b'])
    await appendAll(log, other, ['x'])
    await appendAll(log, general, ['c'])
    await appendAll(log, other, ['y'])
    const page = await log.read(general, second!, wide)
    expect(textsOf(page.entries)).toEqual(['c'])
    expect(page.start).toEqual(second)
    expect(page.gap).toBeUndefined()
    expect(page.done).toBe(true)
  })

  test('a position that lies at an entry of another topic is as good as any', async ({ log }) => {
    await appendAll(log, general, ['a'])
    const [between] = await appendAll(log, other, ['x'])
    await appendAll(log, general, ['b'])
    expect(await readAll(log, general, between!)).toMatchObject({ texts: ['b'], gaps: [] })
  })

  test('reading at the head gives nothing and stays there', async ({ log }) => {
    const [head] = await appendAll(log, general, ['a'])
    const page = await log.read(general, head!, wide)
    expect(page).toMatchObject({ start: head, entries: [], position: head, done: true })
    expect(page.gap).toBeUndefined()
  })

  test('’first’ begins before the oldest entry that is kept', async ({ log }) => {
    await appendAll(log, other, ['x'])
    await appendAll(log, general, ['a', 'b', 'c'])
    expect(await readAll(log, general, 'first')).toMatchObject({ texts: ['a', 'b', 'c'], gaps: [] })
  })

  test('{ last } begins before that many entries, or all where there are fewer', async ({ log }) => {
    const [, , third] = await appendAll(log, general, ['a', 'b', 'c'])
    const expected = { 0: [], 1: ['c'], 2: ['b', 'c'], 3: ['a', 'b', 'c'], 9: ['a', 'b', 'c'] }
    for (const [last, texts] of Object.entries(expected)) {
      const page = await log.read(general, { last: Number(last) }, wide)
      expect(textsOf(page.entries)).toEqual(texts)
      expect(page).toMatchObject({ position: third, done: true })
      expect(page.gap).toBeUndefined()
    }
  })

  test('start is a position from which the same entries are read again, without a gap', async ({ log }) => {
    const short = topicOf('short', { last: 4, forMs: 3_600_000, bytes: 1_000 })
    const [first] = await appendAll(log, short, ['a', 'b', 'c', 'd', 'e', 'f'])
    for (const from of ['first', { last: 2 }, { last: 0 }, first!] as const) {
      const page = await log.read(short, from, wide)
      const again = await log.read(short, page.start, wide)
      expect(again.entries).toEqual(page.entries)
      expect(again.gap).toBeUndefined()
    }
  })

  test('a page holds no more than its limit, and the pages together hold all, once', async ({ log }) => {
    const texts = Array.from({ length: 11 }, (_, i) => `${i}`)
    await appendAll(log, general, texts)
    await appendAll(log, other, ['x'])
    const read = await readAll(log, general, 'first', { limit: 3, bytes: 1_000_000 })
    expect(read.texts).toEqual(texts)
    for (const page of read.pages) expect(page.entries.length).toBeLessThanOrEqual(3)
    for (const page of read.pages.slice(0, -1)) {
      expect(page.entries.length).toBeGreaterThan(0)
      expect(page.position.offset).toBe(page.entries.at(-1)!.offset)
    }
  })

  test('a page that holds exactly the last entries is done', async ({ log }) => {
    await appendAll(log, general, ['a', 'b', 'c'])
    expect((await log.read(general, 'first', { limit: 3, bytes: 1_000_000 })).done).toBe(true)
    expect((await log.read(general, 'first', { limit: 2, bytes: 1_000_000 })).done).toBe(false)
  })

  test('a page holds no more than its bytes, but never less than one entry', async ({ log }) => {
    const texts = ['x'.repeat(48), 'y'.repeat(500), 'z'.repeat(48), 'w'.repeat(48), 'v'.repeat(49)]
    await appendAll(log, general, texts)
    const read = await readAll(log, general, 'first', { limit: 100, bytes: 100 })
    expect(read.texts).toEqual(texts)
    for (const { entries } of read.pages) {
      expect(entries.length).toBeGreaterThan(0)
      const bytes = entries.reduce((sum, { data }) => sum + data.json.length, 0)
      expect(entries.length === 1 || bytes <= 100).toBe(true)
    }
  })

  test('{ last } in pages gives each of the entries once', async ({ log }) => {
    await appendAll(log, general, ['a', 'b', 'c', 'd', 'e', 'f'])
    const read = await readAll(log, general, { last: 5 }, { limit: 2, bytes: 1_000_000 })
    expect(read.texts).toEqual(['b', 'c', 'd', 'e', 'f'])
  })

  test('nothing above until is given, and until is the position of the end', async ({ log }) => {
    const [first, second, third, fourth] = await appendAll(log, general, ['a', 'b', 'c', 'd'])
    const bounds = { ...wide, until: third!.offset }
    const page = await log.read(general, first!, bounds)
    expect(textsOf(page.entries)).toEqual(['b', 'c'])
    expect(page).toMatchObject({ position: third, done: true })
    expect(textsOf((await log.read(general, 'first', bounds)).entries)).toEqual(['a', 'b', 'c'])
    const inPages = await readAll(log, general, 'first', { limit: 1, bytes: 1, until: second!.offset })
    expect(inPages).toMatchObject({ texts: ['a', 'b'], position: second })
    const beyond = await log.read(general, first!, { ...wide, until: fourth!.offset + 1_000 })
    expect(beyond).toMatchObject({ position: fourth, done: true })
  })

  test('{ last } counts the entries up to until', async ({ log }) => {
    const [, , third] = await appendAll(log, general, ['a', 'b', 'c', 'd', 'e'])
    const page = await log.read(general, { last: 2 }, { ...wide, until: third!.offset })
    expect(textsOf(page.entries)).toEqual(['b', 'c'])
    expect(page).toMatchObject({ position: third, done: true })
  })

  test('a position at or above until has nothing to read, no gap, and does not move back', async ({
    log,
  }) => {
    const short = topicOf('short', { last: 1, forMs: 3_600_000, bytes: 1_000 })
    const [first, second] = await appendAll(log, short, ['a', 'b', 'c'])
    for (const until of [first!.offset, 0]) {
      const page = await log.read(short, first!, { ...wide, until })
      expect(page).toMatchObject({ start: first, entries: [], position: first, done: true })
      expect(page.gap).toBeUndefined()
    }
    const page = await log.read(short, second!, { ...wide, until: first!.offset })
    expect(page).toMatchObject({ position: second, done: true })
    expect(page.gap).toBeUndefined()
  })

  test('an until below all that is kept gives an empty page up to until', async ({ log }) => {
    const [before] = await appendAll(log, other, ['x'])
    await appendAll(log, general, ['a', 'b'])
    for (const from of ['first', { last: 2 }] as const) {
      const page = await log.read(general, from, { ...wide, until: before!.offset })
      expect(page).toMatchObject({ entries: [], position: before, done: true })
      expect(page.gap).toBeUndefined()
    }
  })

  test('a limit below one counts as one', async ({ log }) => {
    await appendAll(log, general, ['a', 'b'])
    expect((await readAll(log, general, 'first', { limit: 0, bytes: 0 })).texts).toEqual(['a', 'b'])
  })

  test('an append between two pages is on the next one', async ({ log }) => {
    await appendAll(log, general, ['a', 'b'])
    const first = await log.read(general, 'first', { limit: 1, bytes: 1_000 })
    await log.append(entryOf(general, 'c'))
    expect((await readAll(log, general, first.position)).texts).toEqual(['b', 'c'])
  })
}
