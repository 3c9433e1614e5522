import { expect } from 'vitest'
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
const short = topicOf('short', { last: 2, forMs: 3_600_000, bytes: 1_000 })

export function epochTests(test: DeclareTest): void {
  test('every position that a log gives is of its current epoch', async ({ log }) => {
    const [first] = await appendAll(log, general, ['a'])
    const { epoch } = await log.tail(() => {})
    const page = await log.read(general, 'first', wide)
    expect([first!.epoch, page.start.epoch, page.position.epoch]).toEqual([epoch, epoch, epoch])
    expect(epoch).toMatch(/^[0-9A-Za-z]{1,32}$/)
  })

  test('a position of an unknown epoch is reset, and all that still exists follows', async ({ log }) => {
    const foreign = { epoch: 'neverheardof', offset: 2 }
    const [, , third, fourth] = await appendAll(log, general, ['a', 'b', 'c', 'd'])
    const page = await log.read(general, foreign, wide)
    expect(page.gap).toMatchObject({ after: foreign, reason: 'reset' })
    expect(page.gap!.first).toEqual(page.start)
    expect(textsOf(page.entries)).toEqual(['a', 'b', 'c', 'd'])
    expect(page).toMatchObject({ position: fourth, done: true })
    const part = await log.read(general, foreign, { ...wide, until: third!.offset })
    expect(textsOf(part.entries)).toEqual(['a', 'b', 'c'])
  })

  test('a reset on a topic that lost entries leads to the newest of those', async ({ log }) => {
    const foreign = { epoch: 'neverheardof', offset: 2 }
    const [first, second] = await appendAll(log, short, ['a', 'b', 'c', 'd'])
    const page = await log.read(short, foreign, wide)
    expect(page.gap).toEqual({ after: foreign, first: second, reason: 'reset' })
    expect(textsOf(page.entries)).toEqual(['c', 'd'])
    const part = await log.read(short, foreign, { ...wide, until: first!.offset })
    expect(part.gap).toEqual({ after: foreign, first, reason: 'reset' })
    expect(part).toMatchObject({ entries: [], position: first, done: true })
  })

  test('a reset on a topic without entries is told all the same', async ({ log }) => {
    const foreign = { epoch: 'neverheardof', offset: 0 }
    const page = await log.read(general, foreign, wide)
    expect(page.gap).toMatchObject({ after: foreign, reason: 'reset' })
    expect(page).toMatchObject({ entries: [], done: true })
  })

  test('a position above the head is reset, and all that still exists follows', async ({ log }) => {
    const [, second] = await appendAll(log, general, ['a', 'b'])
    const future = { ...second!, offset: second!.offset + 1 }
    const page = await log.read(general, future, wide)
    expect(page.gap).toMatchObject({ after: future, reason: 'reset' })
    expect(textsOf(page.entries)).toEqual(['a', 'b'])
    expect(page.position).toEqual(second)
  })

  test('a position of an older epoch is good up to where the next one began', ['newEpoch'], async (under) => {
    const { log } = under
    const [first, second] = await appendAll(log, general, ['a', 'b'])
    await under.newEpoch()
    const [third] = await appendAll(log, general, ['c'])
    expect(third!.epoch).not.toBe(first!.epoch)
    expect(third!.offset).toBeGreaterThan(second!.offset)
    expect(await readAll(log, general, first!)).toMatchObject({ texts: ['b', 'c'], gaps: [] })
    const page = await log.read(general, second!, wide)
    expect(textsOf(page.entries)).toEqual(['c'])
    expect(page.start).toEqual({ epoch: third!.epoch, offset: second!.offset })
    expect(page.gap).toBeUndefined()
  })

  test(
    'a position of an older epoch above that is reset, and what it had is not given twice',
    ['newEpoch'],
    async (under) => {
      const { log } = under
      const [, second, third] = await appendAll(log, general, ['a', 'b', 'lost'])
      await under.newEpoch(second!.offset)
      const [, fourth] = await appendAll(log, general, ['c', 'd'])
      const page = await log.read(general, third!, wide)
      expect(page.gap).toEqual({
        after: third,
        first: { epoch: fourth!.epoch, offset: second!.offset },
        reason: 'reset',
      })
      expect(textsOf(page.entries)).toEqual(['c', 'd'])
      expect((await readAll(log, general, 'first')).texts).toEqual(['a', 'b', 'c', 'd'])
      expect(await readAll(log, general, second!)).toMatchObject({ texts: ['c', 'd'], gaps: [] })
    },
  )

  test('a position is placed across several epochs', ['newEpoch'], async (under) => {
    const { log } = under
    const [, second] = await appendAll(log, general, ['a', 'b'])
    await under.newEpoch()
    const [, fourth] = await appendAll(log, general, ['c', 'd'])
    await under.newEpoch()
    await appendAll(log, general, ['e'])
    expect(await readAll(log, general, second!)).toMatchObject({ texts: ['c', 'd', 'e'], gaps: [] })
    expect(await readAll(log, general, fourth!)).toMatchObject({ texts: ['e'], gaps: [] })
    const beyond = await readAll(log, general, { ...second!, offset: second!.offset + 1 })
    expect(beyond).toMatchObject({ texts: ['c', 'd', 'e'], gaps: [{ reason: 'reset' }] })
  })

  test(
    'a good position of an older epoch below what was lost is told what was lost',
    ['newEpoch'],
    async (under) => {
      const { log } = under
      const [first] = await appendAll(log, short, ['a', 'b', 'c', 'd'])
      await under.newEpoch()
      await appendAll(log, short, ['e'])
      const read = await readAll(log, short, first!)
      expect(read).toMatchObject({ texts: ['d', 'e'], gaps: [{ after: first, reason: 'trimmed' }] })
    },
  )

  test(
    'where a new epoch begins below what was trimmed, its own entries are whole',
    ['newEpoch'],
    async (under) => {
      const { log } = under
      const [, second] = await appendAll(log, short, ['a', 'b', 'c', 'd', 'e'])
      await under.newEpoch(second!.offset)
      await appendAll(log, short, ['f', 'g'])
      expect(await readAll(log, short, second!)).toMatchObject({ texts: ['f', 'g'], gaps: [] })
    },
  )

  test('what was replaced above where a new epoch begins is no loss to it', ['newEpoch'], async (under) => {
    const { log } = under
    const values = topicOf('values', 'latest')
    const [first] = await appendAll(log, values, ['a', 'b', 'c'])
    await under.newEpoch(first!.offset)
    const window = topicOf('values')
    await appendAll(log, window, ['d'])
    expect(await readAll(log, window, first!)).toMatchObject({ texts: ['d'], gaps: [] })
  })

  test('an entry that was lost with the tail can be appended again', ['newEpoch'], async (under) => {
    const { log } = under
    const [first] = await appendAll(log, general, ['a'])
    const entry = entryOf(general, 'lost at first')
    await log.append(entry)
    await under.newEpoch(first!.offset)
    await log.append(entry)
    expect((await readAll(log, general, first!)).texts).toEqual(['lost at first'])
  })

  test('a tail is told of a new epoch before the entries of it', ['newEpoch'], async (under) => {
    const { log } = under
    const tail = collector()
    await log.tail(tail.listener)
    const [first] = await appendAll(log, general, ['a'])
    await under.newEpoch(first!.offset)
    const [second] = await appendAll(log, general, ['b'])
    await tail.textsUntil(second!)
    expect(tail.items.map(({ type }) => type)).toEqual(['entry', 'epoch', 'entry'])
    expect(tail.items[1]).toEqual({ type: 'epoch', epoch: second!.epoch, head: first!.offset })
  })

  test('a clean restart keeps the epoch, the entries and the sequence', ['reopen'], async (under) => {
    const [first, second] = await appendAll(under.log, general, ['a', 'b'])
    const log = await under.reopen()
    const [third] = await appendAll(log, general, ['c'])
    expect(third!.epoch).toBe(first!.epoch)
    expect(third!.offset).toBeGreaterThan(second!.offset)
    expect(await readAll(log, general, first!)).toMatchObject({ texts: ['b', 'c'], gaps: [] })
  })

  test(
    'a clean restart does not forget what was lost, nor which ids were appended',
    ['reopen'],
    async (under) => {
      const [first] = await appendAll(under.log, short, ['a', 'b', 'c'])
      const entry = entryOf(short, 'd')
      const fourth = await under.log.append(entry)
      const log = await under.reopen()
      expect(await log.append(entry)).toEqual(fourth)
      const read = await readAll(log, short, first!)
      expect(read).toMatchObject({ texts: ['c', 'd'], gaps: [{ after: first, reason: 'trimmed' }] })
    },
  )
}
