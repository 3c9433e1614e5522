/** What must not run twice, while it runs: its intent, its emits, its deadline, its outcome. */
import { describe, expect, test } from 'vitest'
import { error, order, paid, pay, setUp } from './once-shop.js'

describe('a handler with `once`', () => {
  test('starts once its intent is stored, and not before', async () => {
    const { start, clock, ran, remembering } = setUp()
    let stored = () => {}
    remembering.before.begin = () => new Promise((resolve) => (stored = resolve))
    const ann = await start().enter('ann')
    ann.say(...pay('book'))
    await clock.advance(0)
    expect(ran).toEqual([])
    stored()
    await clock.advance(0)
    expect(ran).toEqual(['book'])
  })

  test('does not start where its intent could not be stored', async () => {
    const { start, clock, ran, remembering, reports } = setUp()
    remembering.before.begin = () => Promise.reject(new Error('the disk is full'))
    const ann = await start().enter('ann')
    ann.say(...pay('book'))
    await clock.advance(0)
    expect(ann.of('err')).toEqual([error('INTERNAL')])
    expect(reports).toMatchObject([
      { kind: 'handler-failed', path: 'pay', error: { message: 'the disk is full' } },
    ])
    delete remembering.before.begin
    ann.say(...pay('book', 2))
    const again = await start().enter('ann')
    again.say(...pay('book'))
    await clock.advance(0)
    expect(again.of('ok')).toHaveLength(1)
    expect(ran).toEqual(['book', 'book'])
  })

  test('may wait for what it emits, which has no position yet, and is shown with its result', async () => {
    const { start, clock, emitted, gates, sold } = setUp()
    const server = start()
    const [ann, reader] = [await server.enter('ann'), await server.enter('reader')]
    reader.say('sub', 1, 'shop', null, null)
    ann.say(...pay('wait'))
    await clock.advance(0)
    expect(emitted).toEqual([undefined])
    expect(await sold()).toEqual([])
    server.hub.channel.shop.emit('sold', { item: 'at once' }) // is not the run's
    await clock.advance(0)
    expect(await sold()).toEqual(['at once'])
    gates[0]!()
    await clock.advance(0)
    expect(await sold()).toEqual(['at once', 'wait'])
    const [topic] = reader.of('joined').map(([, , number]) => number)
    expect(
      reader.frames.slice(-3).map(([tag, , ...rest]) => [tag, ...rest.slice(tag === 'e' ? 1 : 0)]),
    ).toEqual([
      ['e', 'sold', { item: 'at once' }],
      ['e', 'sold', { item: 'wait' }],
      ['v', 'hint', 'wait goes'],
    ])
    expect(reader.of('e').every(([, number]) => number === topic)).toBe(true)
  })

  test('is told at once of an emit that does not fit', async () => {
    const { start, clock, reports, sold } = setUp()
    const ann = await start().enter('ann')
    ann.say(...pay('odd'))
    await clock.advance(0)
    expect(ann.of('err')).toEqual([error('INTERNAL')])
    expect(reports).toMatchObject([{ kind: 'handler-failed', error: { code: 'VALIDATION' } }])
    expect(await sold()).toEqual([])
  })

  test('past its deadline is told to stop; that is the outcome, and nothing that it emitted is kept', async () => {
    const { start, clock, ran, emitted, gates, sold } = setUp()
    const ann = await start().enter('ann')
    ann.say(...pay('wait, late'))
    await clock.advance(10_000)
    expect(ann.of('err')).toEqual([error('TIMEOUT')])
    expect(ran).toEqual(['wait, late', 'stopped by TIMEOUT'])
    gates[0]!()
    await clock.advance(0)
    expect(emitted).toEqual([undefined, 'ABORTED'])
    const second = await start().enter('ann')
    second.say(...pay('wait, late'))
    await clock.advance(0)
    expect(second.of('err')).toEqual([error('TIMEOUT')])
    expect(ran).toHaveLength(2)
    expect(await sold()).toEqual([])
  })

  test('that ends because it heeds its deadline has failed by that', async () => {
    const { start, clock, remembering } = setUp()
    let stored = () => {}
    remembering.before.finish = () => new Promise((resolve) => (stored = resolve))
    const ann = await start().enter('ann')
    ann.say(...pay('heed'))
    await clock.advance(15_000)
    expect(ann.of('err')).toEqual([]) // not before it is stored
    stored()
    await clock.advance(0)
    expect(ann.of('err')).toEqual([error('TIMEOUT')])
    expect(ann.of('ok')).toEqual([])
  })

  test('whose join answers after the deadline never starts, and leaves nothing behind', async () => {
    const asked: ((may: boolean) => void)[] = []
    const { start, clock, ran, remembering } = setUp({
      mayOrder: () => (asked.length > 0 ? true : new Promise((resolve) => asked.push(resolve))),
    })
    const server = start()
    const ann = await server.enter('ann')
    ann.say(...order('book'))
    await clock.advance(10_000)
    expect(ann.of('err')).toEqual([error('TIMEOUT')])
    asked[0]!(true)
    await clock.advance(0)
    expect(remembering.records.size).toBe(0)
    const second = await server.enter('ann')
    second.say(...order('book'))
    await clock.advance(0)
    expect(second.of('ok')).toEqual([['ok', 1, { number: 1 }]])
    expect(ran).toEqual(['book'])
  })

  test('past its deadline before its intent is stored never starts, and that is its outcome', async () => {
    const { start, clock, ran, remembering } = setUp()
    let stored = () => {}
    remembering.before.begin = () => new Promise((resolve) => (stored = resolve))
    const ann = await start().enter('ann')
    ann.say(...pay('book'))
    await clock.advance(10_000)
    stored()
    await clock.advance(0)
    expect(ann.of('err')).toEqual([error('TIMEOUT')])
    const second = await start().enter('ann')
    second.say(...pay('book'))
    await clock.advance(0)
    expect(second.of('err')).toEqual([error('TIMEOUT')])
    expect(ran).toEqual([])
  })

  test('that returned in time has its result, however long that takes to be stored', async () => {
    const { start, clock, remembering, left, sold } = setUp()
    let stored = () => {}
    remembering.before.finish = () => new Promise((resolve) => (stored = resolve))
    const ann = await start().enter('ann')
    ann.say(...pay('book'))
    await clock.advance(20_000)
    expect(ann.frames).toHaveLength(1) // welcome
    expect(left[0]!.emit).toThrow(expect.objectContaining({ code: 'ABORTED' })) // its run is over
    stored()
    await clock.advance(0)
    expect(ann.of('ok')).toEqual([paid(1)])
    expect(await sold()).toEqual(['book'])
  })

  test('that has emitted nothing can do so no more once it returned', async () => {
    const { start, clock, remembering, left, sold } = setUp()
    let stored = () => {}
    remembering.before.finish = () => new Promise((resolve) => (stored = resolve))
    const ann = await start().enter('ann')
    ann.say('call', 1, 'refund', 0, { item: 'book' })
    await clock.advance(0)
    expect(left[0]!.emit).toThrow(expect.objectContaining({ code: 'ABORTED' }))
    stored()
    await clock.advance(0)
    expect(ann.of('ok')).toEqual([['ok', 1]])
    expect(await sold()).toEqual([])
  })

  test('that is over is not told to stop', async () => {
    const { start, clock, left } = setUp()
    const ann = await start().enter('ann')
    ann.say(...pay('book'))
    await clock.advance(20_000)
    expect(ann.of('ok')).toEqual([paid(1)])
    expect(left[0]!.signal.aborted).toBe(false)
  })

  test('whose result cannot be stored has an unknown outcome, also when it is asked for again', async () => {
    const { start, clock, ran, remembering, reports, sold } = setUp()
    remembering.before.finish = () => Promise.reject(new Error('the disk is full'))
    const server = start()
    const ann = await server.enter('ann')
    ann.say(...pay('book'))
    await clock.advance(0)
    expect(ann.of('err')).toEqual([error('OUTCOME_UNKNOWN')])
    expect(reports).toMatchObject([
      { kind: 'log-failed', path: 'pay', error: { message: 'the disk is full' } },
    ])
    delete remembering.before.finish
    const second = await server.enter('ann')
    second.say(...pay('book'))
    await clock.advance(0)
    expect(second.of('err')).toEqual([error('OUTCOME_UNKNOWN')])
    expect(ran).toEqual(['book'])
    expect(await sold()).toEqual([])
  })

  test('goes on to its end when its caller gives up, and who asks again is told its result', async () => {
    const { start, clock, ran, gates } = setUp()
    const server = start()
    const ann = await server.enter('ann')
    ann.say(...pay('wait'))
    await clock.advance(0)
    ann.say('cancel', 1)
    await clock.advance(0)
    expect(ann.of('err')).toEqual([error('ABORTED')])
    ann.leave()
    gates[0]!()
    await clock.advance(0)
    const second = await server.enter('ann')
    second.say(...pay('wait'))
    await clock.advance(0)
    expect(second.of('ok')).toEqual([paid(1)])
    expect(ran).toEqual(['wait'])
  })
})

test('messages with `once` keep their order among the others of their topic', async () => {
  const { start, clock, ran, gates } = setUp()
  const ann = await start().enter('ann')
  ann.say(...order('wait'))
  ann.say(...order('book', 2))
  await clock.advance(0)
  expect(ran).toEqual(['wait'])
  gates[0]!()
  await clock.advance(0)
  expect(ann.of('ok')).toEqual([
    ['ok', 1, { number: 1 }],
    ['ok', 2, { number: 2 }],
  ])
})
