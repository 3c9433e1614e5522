import { expect } from 'vitest'
import type { Log } from '../../../src/logs/log.js'
import { appendAll, collector, type DeclareTest, entryOf, readAll, topicOf, wide } from './harness.js'

const general = topicOf('room{"id":"general"}')
const other = topicOf('room{"id":"other"}')

function volatileOf(text: string) {
  return { topic: general.key, name: 'typing', data: { json: JSON.stringify(text) }, schema: 's1' }
}

export function tailTests(test: DeclareTest): void {
  test('a tail passes on what is appended after it began, of every topic, in order', async ({ log }) => {
    const [before] = await appendAll(log, general, ['before'])
    const tail = collector()
    const { head, epoch } = await log.tail(tail.listener)
    expect({ epoch, offset: head }).toEqual(before)
    await appendAll(log, general, ['a'])
    await appendAll(log, other, ['b'])
    const [last] = await appendAll(log, general, ['c'])
    expect(await tail.textsUntil(last!)).toEqual(['a', 'b', 'c'])
  })

  test('the head of an empty log is 0', async ({ log }) => {
    expect((await log.tail(() => {})).head).toBe(0)
  })

  test('a tail that begins among appends has each entry above its head once, and none below', async ({
    log,
  }) => {
    const appends: ReturnType<Log['append']>[] = []
    const tail = collector()
    for (let i = 0; i < 10; i++) appends.push(log.append(entryOf(general, `${i}`)))
    const began = log.tail(tail.listener)
    for (let i = 10; i < 20; i++) appends.push(log.append(entryOf(general, `${i}`)))
    const positions = await Promise.all(appends)
    const { head } = await began
    const expected = positions.flatMap(({ offset }, i) => (offset > head ? [`${i}`] : []))
    const last = await log.append(entryOf(general, 'end'))
    expect(await tail.textsUntil(last)).toEqual([...expected, 'end'])
  })

  test('a tail passes on the entry that a read gives', async ({ log }) => {
    const tail = collector()
    await log.tail(tail.listener)
    const position = await log.append(
      entryOf(general, 'x', { except: 'client-1', data: { json: '"x"', meta: '{"m":1}' } }),
    )
    await tail.textsUntil(position)
    const [entry] = (await log.read(general, 'first', wide)).entries
    expect(tail.items).toEqual([{ type: 'entry', entry }])
  })

  test('volatile items keep their order among the appends, and are not kept', async ({ log }) => {
    const tail = collector()
    await log.tail(tail.listener)
    const started = [
      log.append(entryOf(general, 'a')),
      log.publish(volatileOf('b')),
      log.append(entryOf(general, 'c')),
      log.publish({ ...volatileOf('d'), except: 'client-1' }),
      log.append(entryOf(general, 'e')),
    ] as const
    await Promise.all(started)
    expect(await tail.textsUntil(await started[4])).toEqual(['a', '~b', 'c', '~d', 'e'])
    expect(tail.items[3]).toMatchObject({
      type: 'volatile',
      item: { topic: general.key, except: 'client-1' },
    })
    expect((await readAll(log, general, 'first')).texts).toEqual(['a', 'c', 'e'])
  })

  test('a volatile item moves no position', async ({ log }) => {
    const [first] = await appendAll(log, general, ['a'])
    await log.publish(volatileOf('b'))
    expect((await log.read(general, { last: 0 }, wide)).position).toEqual(first)
  })

  test('two tails are told the same, each from its own beginning', async ({ log }) => {
    const early = collector()
    const late = collector()
    await log.tail(early.listener)
    await appendAll(log, general, ['a'])
    await log.tail(late.listener)
    const [last] = await appendAll(log, general, ['b'])
    expect(await early.textsUntil(last!)).toEqual(['a', 'b'])
    expect(await late.textsUntil(last!)).toEqual(['b'])
  })

  test('a tail that was closed is told nothing more, and closing it twice does no harm', async ({ log }) => {
    const closed = collector()
    const open = collector()
    const tail = await log.tail(closed.listener)
    await log.tail(open.listener)
    const [first] = await appendAll(log, general, ['a'])
    await closed.textsUntil(first!)
    tail.close()
    tail.close()
    const [second] = await appendAll(log, general, ['b'])
    expect(await open.textsUntil(second!)).toEqual(['a', 'b'])
    expect(closed.items).toHaveLength(1)
  })

  test('a tail that is closed by its own listener is told nothing more', async ({ log }) => {
    const open = collector()
    let told = 0
    const tail = await log.tail(() => {
      told++
      tail.close()
    })
    await log.tail(open.listener)
    const [, second] = await appendAll(log, general, ['a', 'b'])
    await open.textsUntil(second!)
    expect(told).toBe(1)
  })

  test('a tail that another listener closes is told nothing more, not even the item at hand', async ({
    log,
  }) => {
    const closed = collector()
    const open = collector()
    let toldBefore = 0
    await log.tail(() => {
      tail.close()
      toldBefore = closed.items.length
    })
    const tail = await log.tail(closed.listener)
    await log.tail(open.listener)
    const [first] = await appendAll(log, general, ['a'])
    await open.textsUntil(first!)
    expect(closed.items).toHaveLength(toldBefore)
  })

  test('a listener that throws keeps nothing from another, and fails no append', async ({ log }) => {
    const healthy = collector()
    let told = 0
    await log.tail(() => {
      told++
      throw new Error('a listener broke')
    })
    await log.tail(healthy.listener)
    const [, second] = await appendAll(log, general, ['a', 'b'])
    expect(await healthy.textsUntil(second!)).toEqual(['a', 'b'])
    expect(told).toBe(2)
  })

  test('what a listener appends is passed on after what it was called with, to all in one order', async ({
    log,
  }) => {
    const answering = collector()
    const listening = collector()
    const answers: ReturnType<Log['append']>[] = []
    await log.tail((item) => {
      answering.listener(item)
      if (item.type === 'entry' && item.entry.name === 'asked') {
        answers.push(log.append(entryOf(general, `answer to ${JSON.parse(item.entry.data.json)}`)))
      }
    })
    await log.tail(listening.listener)
    const asked = await log.append(entryOf(general, 'a', { name: 'asked' }))
    await answering.textsUntil(asked)
    const answer = await answers[0]!
    expect(await answering.textsUntil(answer)).toEqual(['a', 'answer to a'])
    expect(await listening.textsUntil(answer)).toEqual(['a', 'answer to a'])
  })

  test('what another process appends or publishes is passed on', ['another'], async (under) => {
    const second = await under.another()
    const tail = collector()
    await second.tail(tail.listener)
    await appendAll(under.log, general, ['a'])
    await under.log.publish(volatileOf('b'))
    const [last] = await appendAll(under.log, general, ['c'])
    expect(await tail.textsUntil(last!)).toEqual(['a', '~b', 'c'])
  })

  test('after close every call rejects with CLOSED, tails are told nothing, and close can be repeated', async (under) => {
    const { log } = under
    const tail = collector()
    await log.tail(tail.listener)
    await log.close()
    const closed = { code: 'CLOSED' }
    await expect(log.append(entryOf(general, 'a'))).rejects.toMatchObject(closed)
    await expect(log.publish(volatileOf('a'))).rejects.toMatchObject(closed)
    await expect(log.read(general, 'first', wide)).rejects.toMatchObject(closed)
    await expect(log.tail(() => {})).rejects.toMatchObject(closed)
    await log.close()
    expect(tail.items).toEqual([])
  })
}
