/** What must not run twice, when it comes again. */
import { encodeClientFrame } from '@parley/shared/internal'
import { describe, expect, test } from 'vitest'
import { createHub, memoryLog } from '../src/index.js'
import { onceLog } from './once-log.js'
import { contract, error, order, paid, pay, setUp } from './once-shop.js'

describe('a call with `once` that comes again', () => {
  test('is answered with its result and does not run, though session and server are new', async () => {
    const { start, clock, ran, sold, remembering } = setUp()
    const first = await start().enter('ann', 'Ann')
    first.say(...pay('book'))
    await clock.advance(0)
    expect(first.of('ok')).toEqual([paid(1)])
    const second = await start().enter('ann', 'Ann')
    second.say(...pay('book'))
    await clock.advance(0)
    expect(second.of('ok')).toEqual([paid(1)])
    expect(ran).toEqual(['book'])
    expect(await sold()).toEqual(['book'])
    expect(remembering.keptMs).toBe(86_400_000)
  })

  test.each([
    [
      'gone',
      [
        'err',
        1,
        { code: 'SOLD_OUT', message: 'SOLD_OUT' },
        { until: '1970-01-01T00:00:00.005Z' },
        expect.anything(),
      ],
    ],
    ['bug', ['err', 1, { code: 'INTERNAL', message: expect.anything(), id: expect.anything() }]],
  ])(
    'is answered with the failure that it ended with, and nothing of %j was emitted',
    async (item, answer) => {
      const { start, clock, ran, sold } = setUp()
      const first = await start().enter('ann')
      first.say(...pay(item))
      await clock.advance(0)
      expect(first.of('err')).toEqual([answer])
      const second = await start().enter('ann')
      second.say(...pay(item))
      await clock.advance(0)
      expect(second.of('err')).toEqual(first.of('err')) // down to the id of the report
      expect(ran).toEqual([item])
      expect(await sold()).toEqual([])
    },
  )

  test('while it runs waits for its one result, in whatever session', async () => {
    const { start, clock, ran, gates } = setUp()
    const server = start()
    const first = await server.enter('ann')
    first.say(...pay('wait'))
    await clock.advance(0)
    const second = await server.enter('ann')
    second.say(...pay('wait'))
    await clock.advance(0)
    expect(second.frames).toHaveLength(1) // welcome
    gates[0]!()
    await clock.advance(0)
    expect(second.of('ok')).toEqual([paid(1)])
    expect(ran).toEqual(['wait'])
  })

  test('after the server died within it has an unknown outcome, for ever', async () => {
    const { start, clock, ran, sold } = setUp()
    const first = await start().enter('ann')
    first.say(...pay('wait'))
    await clock.advance(0)
    for (let n = 0; n < 2; n++) {
      const next = await start().enter('ann') // the run of the server before is as good as dead: nothing joins it
      next.say(...pay('wait'))
      await clock.advance(0)
      expect(next.of('err')).toEqual([error('OUTCOME_UNKNOWN')])
    }
    expect(ran).toEqual(['wait'])
    expect(await sold()).toEqual([])
  })

  test('with another input, or for something else, is refused as a conflict', async () => {
    const { start, clock, ran } = setUp()
    const server = start()
    const first = await server.enter('ann')
    first.say(...pay('book'))
    await clock.advance(0)
    const refund = ['call', 1, 'refund', 0, { item: 'book' }]
    for (const other of [pay('pen'), order('book'), refund]) {
      const peer = await server.enter('ann')
      peer.say(...other)
      await clock.advance(0)
      expect(peer.of('err')).toEqual([error('CONFLICT')])
    }
    const alive = await server.enter('ann')
    alive.say(...pay('wait', 2))
    const other = await server.enter('ann')
    other.say(...pay('wait, not', 2))
    await clock.advance(0)
    expect(other.of('err')).toEqual([error('CONFLICT', 2)])
    expect(ran).toEqual(['book', 'wait'])
  })

  test('with an input that differs in its types or its bytes alone is a conflict, too', async () => {
    const { start, clock, ran } = setUp()
    const server = start()
    const send = async (id: number, meta: string | undefined, byte?: number) => {
      const peer = await server.enter('ann')
      const input = {
        json: '{"item":"book","note":0}',
        ...(meta !== undefined && { meta: `{"values":{"note":[${meta}]},"v":1}` }),
        ...(byte !== undefined && { blobs: [Uint8Array.of(byte)] }),
      }
      peer.raw(encodeClientFrame({ type: 'call', id, path: 'pay', withinMs: 0, input }) as string)
      await clock.advance(0)
      return peer.frames.at(-1)
    }
    expect(await send(1, undefined)).toEqual(paid(1))
    expect(await send(1, '"undefined"')).toEqual(error('CONFLICT'))
    expect(await send(1, undefined)).toEqual(paid(1))
    expect(await send(2, '["custom","bytes"]', 1)).toEqual(paid(2, 2))
    expect(await send(2, '["custom","bytes"]', 2)).toEqual(error('CONFLICT', 2))
    expect(await send(2, '["custom","bytes"]', 1)).toEqual(paid(2, 2))
    expect(ran).toEqual(['book', 'book'])
  })

  test('while another process has just begun it does not run here', async () => {
    const { start, clock, ran, remembering } = setUp()
    const first = await start().enter('ann')
    first.say(...pay('book'))
    await clock.advance(0)
    const [[key, record]] = [...remembering.records] as [[string, { request: string }]]
    remembering.records.clear()
    remembering.before.begin = async () => void remembering.records.set(key, { request: record.request })
    const second = await start().enter('ann')
    second.say(...pay('book'))
    await clock.advance(0)
    expect(second.of('err')).toEqual([error('OUTCOME_UNKNOWN')])
    expect(ran).toEqual(['book'])
  })

  test('as another member is not run for that one, who is told nothing of its outcome', async () => {
    const { start, clock, ran } = setUp()
    const server = start()
    const first = await server.enter('ann', 'Ann')
    first.say(...pay('book'))
    await clock.advance(0)
    for (const member of ['Bob', undefined]) {
      const peer = await server.enter('ann', member)
      peer.say(...pay('book'))
      await clock.advance(0)
      expect(peer.of('err')).toEqual([error('OUTCOME_UNKNOWN')])
    }
    expect(ran).toEqual(['book'])
  })

  test('from another client, or under another number, is another call', async () => {
    const { start, clock, ran } = setUp()
    const server = start()
    const ann = await server.enter('ann', 'Ann')
    const other = await server.enter('ann2', 'Ann')
    ann.say(...pay('book'))
    ann.say(...pay('book', 2))
    other.say(...pay('book'))
    await clock.advance(0)
    expect(ann.of('ok')).toEqual([paid(1), paid(2, 2)])
    expect(other.of('ok')).toEqual([paid(3)])
    expect(ran).toEqual(['book', 'book', 'book'])
  })

  test('runs if it was refused before: what did not run is not remembered', async () => {
    let may = false
    const { start, clock, ran, remembering } = setUp({ mayOrder: () => may })
    const server = start()
    const first = await server.enter('ann')
    first.say(...order('book'))
    first.say('call', 2, 'pay', 0, { item: 5 })
    await clock.advance(0)
    expect(first.of('err')).toEqual([error('VALIDATION', 2), error('FORBIDDEN')])
    expect(remembering.records.size).toBe(0)
    may = true
    const second = await server.enter('ann')
    second.say(...order('book'))
    second.say(...pay('pen', 2))
    await clock.advance(0)
    expect(
      second
        .of('ok')
        .map(([, id]) => id)
        .sort(),
    ).toEqual([1, 2])
    expect(ran.sort()).toEqual(['book', 'pen'])
  })

  test('is answered though the right to run it is gone: it has run', async () => {
    let may = true
    const { start, clock, ran, remembering } = setUp({ mayOrder: () => may })
    const first = await start().enter('ann')
    first.say(...order('book'))
    await clock.advance(0)
    may = false
    const second = await start().enter('ann')
    second.say(...order('book'))
    await clock.advance(0)
    expect(second.of('ok')).toEqual([['ok', 1, { number: 1 }]])
    expect(ran).toEqual(['book'])
    expect(remembering.keptMs).toBe(3_600_000)
  })
})

test('createHub refuses `once` over a log that forgets, naming the log, each call and how to mend it', () => {
  const over = (log?: ReturnType<typeof memoryLog>) => () => createHub(contract, { ...(log && { log }) })
  const mend = /sqliteLog\(path\)/
  for (const create of [over(), over(memoryLog())]) {
    expect(create).toThrow(
      expect.objectContaining({ code: 'BAD_OPTIONS', message: expect.stringMatching(mend) }),
    )
    expect(create).toThrow(
      "'pay', 'refund', 'shop.order' must not run twice (`once`), and memoryLog() cannot",
    )
  }
  expect(over({ ...onceLog({}).log, name: 'myLog', once: undefined as never })).toThrow('and myLog cannot')
})
