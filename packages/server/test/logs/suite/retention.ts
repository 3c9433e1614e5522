import { expect } from 'vitest'
import { appendAll, type DeclareTest, entryOf, readAll, roomy, textsOf, topicOf, wide } from './harness.js'

const other = topicOf('other')
const long = 3_600_000

export function retentionTests(test: DeclareTest): void {
  test('entries over the count are trimmed: a gap up to the newest that is lost, then what exists', async ({
    log,
  }) => {
    const topic = topicOf('counted', { last: 2, forMs: long, bytes: 1_000 })
    const [first, second, third] = await appendAll(log, topic, ['a', 'b', 'c', 'd', 'e'])
    const page = await log.read(topic, first!, wide)
    expect(page.gap).toEqual({ after: first, first: third, reason: 'trimmed' })
    expect(page.start).toEqual(third)
    expect(textsOf(page.entries)).toEqual(['d', 'e'])
    expect((await log.read(topic, second!, wide)).gap).toEqual({
      after: second,
      first: third,
      reason: 'trimmed',
    })
  })

  test('a reader at the newest lost entry, or above it, missed nothing', async ({ log }) => {
    const topic = topicOf('counted', { last: 2, forMs: long, bytes: 1_000 })
    const [, , third, fourth] = await appendAll(log, topic, ['a', 'b', 'c', 'd', 'e'])
    expect(await readAll(log, topic, third!)).toMatchObject({ texts: ['d', 'e'], gaps: [] })
    expect(await readAll(log, topic, fourth!)).toMatchObject({ texts: ['e'], gaps: [] })
  })

  test('’first’ and { last } miss nothing, because they ask for what exists', async ({ log }) => {
    const topic = topicOf('counted', { last: 2, forMs: long, bytes: 1_000 })
    await appendAll(log, topic, ['a', 'b', 'c'])
    expect(await readAll(log, topic, 'first')).toMatchObject({ texts: ['b', 'c'], gaps: [] })
    expect(await readAll(log, topic, { last: 9 })).toMatchObject({ texts: ['b', 'c'], gaps: [] })
  })

  test('entries over the bytes are trimmed', async ({ log }) => {
    const topic = topicOf('weighed', { last: 1_000, forMs: long, bytes: 30 })
    const [first] = await appendAll(log, topic, ['a'.repeat(8), 'b'.repeat(8), 'c'.repeat(8), 'd'.repeat(8)])
    const read = await readAll(log, topic, first!)
    expect(read.texts).toEqual(['b'.repeat(8), 'c'.repeat(8), 'd'.repeat(8)])
    expect(read.gaps).toEqual([])
    const [big] = await appendAll(log, topic, ['e'.repeat(20)])
    const after = await readAll(log, topic, first!)
    expect(after.texts).toEqual(['e'.repeat(20)])
    expect(after.gaps).toMatchObject([{ reason: 'trimmed' }])
    expect(after.position).toEqual(big)
  })

  test('an entry that is larger than the window is told live and is a gap to who comes later', async ({
    log,
  }) => {
    const topic = topicOf('weighed', { last: 1_000, forMs: long, bytes: 30 })
    const { position } = await log.read(topic, { last: 0 }, wide)
    const [huge] = await appendAll(log, topic, ['x'.repeat(100)])
    const read = await readAll(log, topic, position)
    expect(read).toMatchObject({ texts: [], gaps: [{ after: position, first: huge, reason: 'trimmed' }] })
    expect((await readAll(log, topic, huge!)).gaps).toEqual([])
  })

  test('entries older than the window have expired', ['clock'], async ({ log, clock }) => {
    const topic = topicOf('timed', { last: 1_000, forMs: 1_000, bytes: 1_000_000 })
    const [first] = await appendAll(log, topic, ['a'])
    await clock.advance(600)
    const [second] = await appendAll(log, topic, ['b'])
    await clock.advance(400)
    expect((await readAll(log, topic, 'first')).texts).toEqual(['a', 'b'])
    await clock.advance(1)
    expect((await readAll(log, topic, 'first')).texts).toEqual(['b'])
    expect(await readAll(log, topic, first!)).toMatchObject({ texts: ['b'], gaps: [] })
    await clock.advance(long)
    const read = await readAll(log, topic, first!)
    expect(read.gaps).toEqual([{ after: first, first: second, reason: 'expired' }])
    expect(read.texts).toEqual([])
    expect((await readAll(log, topic, second!)).gaps).toEqual([])
  })

  test(
    'a wall clock that is set back makes nothing older, and brings nothing back',
    ['clock'],
    async (under) => {
      const { log, clock } = under
      const topic = topicOf('timed', { last: 1_000, forMs: 1_000, bytes: 1_000_000 })
      const { position } = await log.read(topic, { last: 0 }, wide)
      await appendAll(log, topic, ['a'])
      await clock.advance(2_000)
      await appendAll(log, topic, ['b'])
      clock.adjust(-10_000)
      const read = await readAll(log, topic, position)
      expect(read).toMatchObject({ texts: ['b'], gaps: [{ reason: 'expired' }] })
      await appendAll(log, topic, ['c'])
      expect((await readAll(log, topic, 'first')).texts).toEqual(['b', 'c'])
    },
  )

  test('the window that moves past a reader between two of its pages is a gap in its place', async ({
    log,
  }) => {
    const topic = topicOf('counted', { last: 4, forMs: long, bytes: 1_000 })
    await appendAll(log, topic, ['a', 'b', 'c', 'd'])
    const page = await log.read(topic, 'first', { limit: 2, bytes: 1_000 })
    expect(textsOf(page.entries)).toEqual(['a', 'b'])
    const [, , , , eighth] = await appendAll(log, topic, ['e', 'f', 'g', 'h', 'i'])
    const rest = await readAll(log, topic, page.position)
    expect(rest.texts).toEqual(['f', 'g', 'h', 'i'])
    expect(rest.gaps).toMatchObject([{ after: page.position, reason: 'trimmed' }])
    expect(rest.position).toEqual(eighth)
  })

  test('a gap does not reach beyond until', async ({ log }) => {
    const topic = topicOf('counted', { last: 1, forMs: long, bytes: 1_000 })
    const [first, second, third] = await appendAll(log, topic, ['a', 'b', 'c', 'd'])
    const page = await log.read(topic, first!, { ...wide, until: second!.offset })
    expect(page.gap).toEqual({ after: first, first: second, reason: 'trimmed' })
    expect(page).toMatchObject({ start: second, entries: [], position: second, done: true })
    const whole = await log.read(topic, first!, { ...wide, until: third!.offset })
    expect(whole.gap).toEqual({ after: first, first: third, reason: 'trimmed' })
  })

  test('a retention that shrinks holds from the next read on', async ({ log }) => {
    const [first] = await appendAll(log, topicOf('shrinking'), ['a', 'b', 'c', 'd'])
    const read = await readAll(log, topicOf('shrinking', { last: 2, forMs: long, bytes: 1_000 }), first!)
    expect(read).toMatchObject({ texts: ['c', 'd'], gaps: [{ after: first, reason: 'trimmed' }] })
  })

  test('a window of no entries keeps none, and its readers are told', async ({ log }) => {
    const topic = topicOf('nothing', { last: 0, forMs: long, bytes: 1_000 })
    const { position } = await log.read(topic, { last: 0 }, wide)
    const [first] = await appendAll(log, topic, ['a'])
    const read = await readAll(log, topic, position)
    expect(read).toMatchObject({ texts: [], gaps: [{ first, reason: 'trimmed' }] })
  })

  test('latest keeps the newest entry of each name, in the order of offsets', async ({ log }) => {
    const topic = topicOf('values', 'latest')
    const put = (name: string, text: string) => log.append(entryOf(topic, text, { name }))
    await put('cpu', 'cpu 1')
    await put('memory', 'memory 1')
    await put('disk', 'disk 1')
    await put('cpu', 'cpu 2')
    const last = await put('memory', 'memory 2')
    const read = await readAll(log, topic, 'first')
    expect(read).toMatchObject({ texts: ['disk 1', 'cpu 2', 'memory 2'], gaps: [], position: last })
    expect((await readAll(log, topic, { last: 1 })).texts).toEqual(read.texts)
    expect((await readAll(log, topic, { last: 0 })).texts).toEqual(read.texts)
  })

  test('a position on a latest topic gives the names that are newer, and a replaced entry is no gap', async ({
    log,
  }) => {
    const topic = topicOf('values', 'latest')
    const put = (name: string, text: string) => log.append(entryOf(topic, text, { name }))
    const first = await put('cpu', 'cpu 1')
    const second = await put('memory', 'memory 1')
    await put('cpu', 'cpu 2')
    await put('cpu', 'cpu 3')
    expect(await readAll(log, topic, first)).toMatchObject({ texts: ['memory 1', 'cpu 3'], gaps: [] })
    expect(await readAll(log, topic, second)).toMatchObject({ texts: ['cpu 3'], gaps: [] })
  })

  test('an entry of a latest topic that is replaced between two pages is given once, in its new place', async (under) => {
    const { log } = under
    const topic = topicOf('values', 'latest')
    const put = (name: string, text: string) => log.append(entryOf(topic, text, { name }))
    await put('cpu', 'cpu 1')
    await put('memory', 'memory 1')
    await put('disk', 'disk 1')
    const page = await log.read(topic, 'first', { limit: 1, bytes: 1_000 })
    expect(textsOf(page.entries)).toEqual(['cpu 1'])
    await put('memory', 'memory 2')
    expect(await readAll(log, topic, page.position)).toMatchObject({
      texts: ['disk 1', 'memory 2'],
      gaps: [],
    })
  })

  test('until on a latest topic leaves out a name whose newest entry is above it', async ({ log }) => {
    const topic = topicOf('values', 'latest')
    const put = (name: string, text: string) => log.append(entryOf(topic, text, { name }))
    await put('cpu', 'cpu 1')
    const second = await put('memory', 'memory 1')
    await put('cpu', 'cpu 2')
    const page = await log.read(topic, 'first', { ...wide, until: second.offset })
    expect(textsOf(page.entries)).toEqual(['memory 1'])
    expect(page).toMatchObject({ position: second, done: true })
  })

  test('a latest topic does not age', ['clock'], async ({ log, clock }) => {
    const topic = topicOf('values', 'latest')
    const [first] = await appendAll(log, other, ['x'])
    await appendAll(log, topic, ['only'])
    await clock.advance(30 * 24 * long)
    expect(await readAll(log, topic, first!)).toMatchObject({ texts: ['only'], gaps: [] })
  })

  test('a window that becomes latest keeps the newest of each name, without a gap', async ({ log }) => {
    const put = (name: string, text: string) => log.append(entryOf(topicOf('changing'), text, { name }))
    const first = await put('cpu', 'cpu 1')
    await put('memory', 'memory 1')
    await put('cpu', 'cpu 2')
    await put('cpu', 'cpu 3')
    const latest = topicOf('changing', 'latest')
    expect(await readAll(log, latest, first)).toMatchObject({ texts: ['memory 1', 'cpu 3'], gaps: [] })
  })

  test('a latest topic that becomes a window is whole after what was replaced', async ({ log }) => {
    const put = (name: string, text: string) =>
      log.append(entryOf(topicOf('changing', 'latest'), text, { name }))
    const first = await put('cpu', 'cpu 1')
    await put('memory', 'memory 1')
    const replaced = await put('cpu', 'cpu 2')
    await put('cpu', 'cpu 3')
    const read = await readAll(log, topicOf('changing'), first)
    expect(read.gaps).toEqual([{ after: first, first: replaced, reason: 'trimmed' }])
    expect(read.texts).toEqual(['cpu 3'])
    expect((await readAll(log, topicOf('changing'), 'first')).texts).toEqual(['cpu 3'])
    expect(await readAll(log, topicOf('changing'), replaced)).toMatchObject({ texts: ['cpu 3'], gaps: [] })
  })

  test('a topic that was latest for a while, or until now, tells a window the newest entry it replaced', async ({
    log,
  }) => {
    for (const before of ['latest', roomy] as const) {
      const key = `was ${before}`
      const put = (name: string, text: string) => log.append(entryOf(topicOf(key, before), text, { name }))
      const first = await put('cpu', 'cpu 1')
      const replaced = await put('memory', 'memory 1')
      await put('memory', 'memory 2')
      await put('cpu', 'cpu 2')
      expect((await readAll(log, topicOf(key, 'latest'), 'first')).texts).toEqual(['memory 2', 'cpu 2'])
      const read = await readAll(log, topicOf(key), first)
      expect(read.gaps).toEqual([{ after: first, first: replaced, reason: 'trimmed' }])
      expect(read.texts).toEqual(['memory 2', 'cpu 2'])
    }
  })
}
