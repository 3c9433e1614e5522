import { expect } from 'vitest'
import type { OnceEmit } from '../../../src/logs/log.js'
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

const room = topicOf('room')
const hour = 3_600_000
const said = (text: string, id = text): OnceEmit => ({ type: 'entry', entry: entryOf(room, text, { id }) })
const typing = (text: string): OnceEmit => ({
  type: 'volatile',
  item: { topic: room.key, name: 'typing', data: { json: JSON.stringify(text) }, schema: 'v1' },
})
const paid = { request: 'pay 5', result: '{"paid":5}' }

export function onceTests(test: DeclareTest): void {
  test(
    'of any that begin under one key, one alone may run; the others are told its request',
    ['once'],
    async ({ once }) => {
      const [first, ...others] = await Promise.all(
        ['pay 5', 'pay 6', 'pay 5'].map((one) => once.begin('a', one, hour)),
      )
      expect(first).toBeUndefined()
      expect(others).toEqual([{ request: 'pay 5' }, { request: 'pay 5' }])
      expect(await once.begin('a', 'pay 5', hour)).toEqual({ request: 'pay 5' })
      expect(await once.find('a')).toEqual({ request: 'pay 5' })
      expect(await once.find('b')).toBeUndefined()
      expect(await once.begin('b', 'pay 5', hour)).toBeUndefined()
    },
  )

  test(
    'a result is found as it was given, and nothing begins under its key again',
    ['once'],
    async ({ once }) => {
      const record = { request: 'pay 5', result: '{"text":"\u2028 🎈 \\"quoted\\""}' }
      await once.begin('a', 'pay 5', hour)
      await once.finish('a', record, hour, [])
      expect(await once.find('a')).toEqual(record)
      expect(await once.begin('a', 'pay 5', hour)).toEqual(record)
      await once.begin('empty', 'pay 5', hour)
      await once.finish('empty', { request: 'pay 5', result: '' }, hour, [])
      expect(await once.find('empty')).toEqual({ request: 'pay 5', result: '' })
    },
  )

  test(
    'what a call emitted is read and told with its result, in order, among what others append',
    ['once'],
    async ({ log, once }) => {
      const tail = collector()
      await log.tail(tail.listener)
      await once.begin('a', 'pay 5', hour)
      const [, , after] = await Promise.all([
        log.append(entryOf(room, 'before')),
        once.finish('a', paid, hour, [said('one'), typing('two'), said('three')]),
        log.append(entryOf(room, 'after')),
      ])
      expect((await readAll(log, room, 'first')).texts).toEqual(['before', 'one', 'three', 'after'])
      expect(await tail.textsUntil(after)).toEqual(['before', 'one', '~two', 'three', 'after'])
    },
  )

  test('whoever is shown an event of a call finds its result', ['once'], async ({ log, once }) => {
    await once.begin('a', 'pay 5', hour)
    let found: unknown
    const told = new Promise<void>((resolve) => {
      void log.tail(async () => {
        found = await once.find('a')
        resolve()
      })
    })
    await once.finish('a', paid, hour, [said('receipt')])
    await told
    expect(found).toEqual(paid)
    expect(textsOf((await log.read(room, 'first', wide)).entries)).toEqual(['receipt'])
  })

  test(
    'an event that was appended of late is not stored again by a call',
    ['once'],
    async ({ log, once }) => {
      await appendAll(log, room, ['before'])
      await log.append(entryOf(room, 'receipt', { id: 'receipt' }))
      await once.begin('a', 'pay 5', hour)
      await once.finish('a', paid, hour, [said('receipt'), said('other')])
      expect((await readAll(log, room, 'first')).texts).toEqual(['before', 'receipt', 'other'])
      const again = entryOf(room, 'other', { id: 'other' })
      await log.append(again)
      expect((await readAll(log, room, 'first')).texts).toEqual(['before', 'receipt', 'other'])
    },
  )

  test(
    'a record is known for as long as was said, from its result on, and not longer',
    ['once', 'clock'],
    async ({ once, clock }) => {
      await once.begin('intent', 'pay 5', 1_000)
      await once.begin('result', 'pay 5', 1_000)
      await clock.advance(999)
      expect(await once.find('intent')).toEqual({ request: 'pay 5' })
      await once.finish('result', paid, 1_000, [])
      await clock.advance(1)
      expect(await once.find('intent')).toBeUndefined()
      await clock.advance(998)
      expect(await once.find('result')).toEqual(paid)
      expect(await once.begin('result', 'pay 6', 1_000)).toEqual(paid)
      await clock.advance(1)
      expect(await once.find('result')).toBeUndefined()
      expect(await once.begin('result', 'pay 6', 1_000)).toBeUndefined()
      expect(await once.find('result')).toEqual({ request: 'pay 6' })
    },
  )

  test(
    'a result that comes after its intent was forgotten is kept all the same',
    ['once', 'clock'],
    async ({ once, clock }) => {
      await once.begin('a', 'pay 5', 1_000)
      await clock.advance(5_000)
      await once.finish('a', paid, 1_000, [])
      expect(await once.find('a')).toEqual(paid)
    },
  )

  test('records are known after a restart', ['once', 'reopen'], async (under) => {
    await under.once.begin('intent', 'pay 5', hour)
    await under.once.begin('result', 'pay 5', hour)
    await under.once.finish('result', paid, hour, [said('receipt')])
    const log = await under.reopen()
    expect(await log.once!.find('intent')).toEqual({ request: 'pay 5' })
    expect(await log.once!.begin('result', 'pay 6', hour)).toEqual(paid)
    expect((await readAll(log, room, 'first')).texts).toEqual(['receipt'])
  })

  test(
    'another process finds what one recorded, and of both one alone may run',
    ['once', 'another'],
    async (under) => {
      const other = (await under.another()).once!
      const begun = await Promise.all([under.once.begin('a', 'pay 5', hour), other.begin('a', 'pay 5', hour)])
      expect(begun.filter((known) => known === undefined)).toHaveLength(1)
      await under.once.finish('a', paid, hour, [])
      expect(await other.find('a')).toEqual(paid)
    },
  )

  test('after close nothing is found, begun or finished', ['once'], async ({ log, once }) => {
    await log.close()
    const closed = { code: 'CLOSED' }
    await expect(once.find('a')).rejects.toMatchObject(closed)
    await expect(once.begin('a', 'pay 5', hour)).rejects.toMatchObject(closed)
    await expect(once.finish('a', paid, hour, [])).rejects.toMatchObject(closed)
  })
}
