/** What must not run twice, asked for with a POST. */
import { describe, expect, test } from 'vitest'
import { insideOf } from '../../src/router.js'
import { setUp } from '../once-shop.js'

describe('a call with `once` over HTTP', () => {
  const ann = { authorization: 'Bearer Ann', 'idempotency-key': 'order-1' }

  test('runs once for its key, though the server is new', async () => {
    const { start, ran, sold } = setUp()
    const first = await start().post('call/pay', { item: 'book' }, ann)
    expect(first).toEqual({ status: 200, body: { number: 1, at: '1970-01-01T00:00:00.007Z' } })
    expect(await start().post('call/pay', { item: 'book' }, ann)).toEqual(first)
    expect(ran).toEqual(['book'])
    expect(await sold()).toEqual(['book'])
  })

  test('gives a declared error again with its status and its data', async () => {
    const { start, ran } = setUp()
    const first = await start().post('call/pay', { item: 'gone' }, ann)
    expect(first).toMatchObject({
      status: 410,
      body: { error: { data: { until: '1970-01-01T00:00:00.005Z' } } },
    })
    expect(await start().post('call/pay', { item: 'gone' }, ann)).toEqual(first)
    expect(ran).toEqual(['gone'])
  })

  test('is 409 where nobody knows what came of it, and where the key was for something else', async () => {
    const { start, clock, ran } = setUp()
    void start().post('call/pay', { item: 'wait' }, ann)
    await clock.advance(0)
    const died = await start().post('call/pay', { item: 'wait' }, ann)
    expect(died).toMatchObject({ status: 409, body: { error: { code: 'OUTCOME_UNKNOWN' } } })
    for (const path of ['call/pay', 'message/shop/order']) {
      const other = await start().post(path, { item: 'book' }, ann)
      expect(other).toMatchObject({ status: 409, body: { error: { code: 'CONFLICT' } } })
    }
    expect(ran).toEqual(['wait'])
  })

  test('has keys of its own for each member', async () => {
    const { start, ran } = setUp()
    const server = start()
    await server.post('call/pay', { item: 'book' }, ann)
    await server.post('call/pay', { item: 'book' }, { ...ann, authorization: 'Bearer Bob' })
    expect(ran).toEqual(['book', 'book'])
  })

  test('without a key is refused, with the name of the header; an anonymous key, with the reason', async () => {
    const { start, ran } = setUp()
    const refused = (message: RegExp) => ({
      status: 400,
      body: { error: { code: 'BAD_REQUEST', message: expect.stringMatching(message) } },
    })
    const { post } = start()
    const bare = await post('call/pay', { item: 'book' }, { authorization: 'Bearer Ann' })
    expect(bare).toMatchObject(refused(/'pay' must not run twice: send an Idempotency-Key header/))
    const anonymous = await post('call/pay', { item: 'book' }, { 'idempotency-key': 'order-1' })
    expect(anonymous).toMatchObject(refused(/needs a member/))
    const odd = await post('call/pay', { item: 'book' }, { ...ann, 'idempotency-key': 'two words' })
    expect(odd).toMatchObject(refused(/visible ASCII/))
    expect(ran).toEqual([])
  })

  test('goes on to its end when the caller is gone, and the next one is told its result', async () => {
    const { start, clock, ran, gates } = setUp()
    const { router, post } = start()
    const leave = new AbortController()
    const request = new Request('http://localhost/call/pay', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...ann },
      body: '{"item":"wait"}',
      signal: leave.signal,
    })
    const first = insideOf(router).fetch(request, '/call/pay')
    await clock.advance(0)
    leave.abort()
    expect((await first).status).toBe(499)
    gates[0]!()
    await clock.advance(0)
    expect(await post('call/pay', { item: 'wait' }, ann)).toMatchObject({ status: 200, body: { number: 1 } })
    expect(ran).toEqual(['wait'])
  })
})
