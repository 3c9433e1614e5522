/** `Idempotency-Key` on calls and messages that are not `once`: what came of them is remembered in memory. */
import { call, channel, defineContract } from '@parley/shared'
import type { Limits } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith } from '../../src/hub.js'
import { anyone, createRouter } from '../../src/index.js'
import { insideOf } from '../../src/router.js'

const contract = defineContract({
  room: channel({
    params: z.object({ id: z.string() }),
    events: { said: z.string() },
    messages: { say: call({ input: z.string(), output: z.number() }), react: z.string() },
  }),
  count: call({ input: z.string(), output: z.object({ n: z.number(), bytes: z.instanceof(Uint8Array) }) }),
  other: call({ input: z.string(), output: z.number() }),
})

function setUp(limits: Partial<Limits> = {}) {
  const clock = virtualClock()
  const ran: string[] = []
  const gates: (() => void)[] = []
  const hub = createHubWith(
    contract,
    {
      auth: z.string().optional(),
      context: ({ auth }) => ({ user: auth }),
      identify: ({ user }) => user,
      onReport: () => {},
      limits,
    },
    clock,
  )
  const act = async (input: string): Promise<number> => {
    ran.push(input)
    if (input === 'wait') await new Promise<void>((open) => gates.push(open))
    if (input === 'fail') throw new Error('a secret of the database')
    return ran.length
  }
  const router = createRouter(hub, {
    room: {
      join: anyone,
      messages: {
        say: async ({ input, emit }) => {
          expect(await emit('said', input)).toMatch(/-\d+$/) // stored at once: it is not `once`
          return act(input)
        },
        react: ({ input }) => act(input),
      },
    },
    count: async ({ input }) => ({ n: await act(input), bytes: Uint8Array.of(0, 255) }),
    other: ({ input }) => act(input),
  })
  const post = async (path: string, body: unknown, key = 'k', more: RequestInit = {}, member = 'Ann') => {
    const request = new Request(`http://localhost/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/vnd.parley+json',
        authorization: `Bearer ${member}`,
        'idempotency-key': key,
      },
      body: JSON.stringify(body),
      ...more,
    })
    const response = await insideOf(router).fetch(request, `/${path.split('?')[0]}`)
    const text = await response.text()
    const body_ = text === '' ? undefined : JSON.parse(text)
    return { status: response.status, body: body_, code: body_?.error?.code }
  }
  return { clock, ran, gates, post }
}

test('a repeat with the same key is answered as the first one was, and does not run', async () => {
  const { ran, post } = setUp()
  const first = await post('call/count', 'a')
  expect(first.body).toEqual({
    json: { n: 1, bytes: 'AP8=' },
    meta: { values: { bytes: [['custom', 'bytes']] }, v: 1 },
  })
  expect(await post('call/count', 'a')).toEqual(first)
  const said = await post('message/room/say?id=a', 'b')
  expect(await post('message/room/say?id=a', 'b')).toEqual(said)
  expect(await post('message/room/react?id=a', 'c')).toEqual({ status: 204 })
  expect(await post('message/room/react?id=a', 'c')).toEqual({ status: 204 })
  expect(ran).toEqual(['a', 'b', 'c'])
})

test('a failure of the handler is remembered, with the id of its report; a refusal before it is not', async () => {
  const { ran, post } = setUp()
  const failed = await post('call/count', 'fail')
  expect(failed).toMatchObject({ status: 500, body: { error: { code: 'INTERNAL' } } })
  expect(await post('call/count', 'fail')).toEqual(failed)
  expect((await post('call/other', 5)).code).toBe('VALIDATION')
  expect((await post('call/other', 'a')).status).toBe(200)
  expect(ran).toEqual(['fail', 'a'])
})

test('a repeat while it runs waits for the one result, also when the first caller is gone', async () => {
  const { ran, gates, post, clock } = setUp()
  const leave = new AbortController()
  const first = post('call/other', 'wait', 'k', { signal: leave.signal })
  await clock.advance(0)
  const second = post('call/other', 'wait')
  await clock.advance(0)
  leave.abort()
  expect((await first).code).toBe('ABORTED')
  gates[0]!()
  expect(await second).toMatchObject({ status: 200, body: { json: 1 } })
  expect(await post('call/other', 'wait')).toMatchObject({ status: 200, body: { json: 1 } })
  expect(ran).toEqual(['wait'])
})

test('a passed deadline is the outcome', async () => {
  const { ran, post, clock } = setUp()
  const first = post('call/other', 'wait')
  await clock.advance(10_000)
  expect((await first).code).toBe('TIMEOUT')
  expect((await post('call/other', 'wait')).code).toBe('TIMEOUT')
  expect(ran).toEqual(['wait'])
})

test('another body, or other params, under the same key are a conflict; another path or member is not', async () => {
  const { ran, post } = setUp()
  await post('call/other', 'a')
  expect(await post('call/other', 'b')).toMatchObject({ status: 409, code: 'CONFLICT' })
  await post('message/room/react?id=a', 'a')
  expect(await post('message/room/react?id=b', 'a')).toMatchObject({ status: 409, code: 'CONFLICT' })
  await post('call/count', 'a')
  await post('call/other', 'a', 'k', {}, 'Bob')
  await post('call/other', 'a', 'k2')
  expect(ran).toEqual(['a', 'a', 'a', 'a', 'a'])
})

test('what came of it is known for `sessionMs`, and then forgotten', async () => {
  const { ran, post, clock } = setUp({ sessionMs: 5_000 })
  await post('call/other', 'a')
  await clock.advance(4_999)
  await post('call/other', 'a')
  expect(ran).toEqual(['a'])
  await clock.advance(1)
  await post('call/other', 'a')
  expect(ran).toEqual(['a', 'a'])
})

test('keys are bounded in number: one too many is told to come later, and none is forgotten before its time', async () => {
  const { ran, post, clock } = setUp({ idempotencyKeys: 2 })
  await post('call/other', 'a', '1')
  await post('call/other', 'a', '2')
  expect(await post('call/other', 'a', '3')).toMatchObject({ status: 503, code: 'OVERLOADED' })
  await post('call/other', 'a', '1')
  await post('call/other', 'a', '2')
  expect(ran).toEqual(['a', 'a'])
  await clock.advance(120_000)
  expect(await post('call/other', 'a', '3')).toMatchObject({ status: 200 })
})

test('answers are bounded in bytes: of one that had to go a repeat does not run, and has an unknown outcome', async () => {
  const { ran, post } = setUp({ idempotencyBytes: 60 })
  for (const key of ['1', '2', '3']) await post('call/other', 'a', key)
  expect((await post('call/other', 'a', '3')).body).toEqual({ json: 3 })
  expect(await post('call/other', 'a', '1')).toMatchObject({ status: 409, code: 'OUTCOME_UNKNOWN' })
  expect((await post('call/other', 'b', '1')).code).toBe('CONFLICT')
  expect(ran).toEqual(['a', 'a', 'a'])
})
