/** Requests that go wrong on their way, or are made to do harm. */
import { call, channel, defineContract, type Report } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createHubWith, type HubOptions } from '../../src/hub.js'
import { anyone, createRouter } from '../../src/index.js'
import { insideOf } from '../../src/router.js'
import { clientId, connect, greet } from '../peer.js'

const contract = defineContract({
  room: channel({
    events: { said: z.object({ text: z.string() }) },
    messages: { say: z.object({ text: z.string() }) },
  }),
  sum: call({ input: z.array(z.number()) }),
  wait: call({}),
})

function setUp(options: HubOptions<undefined, undefined> = {}) {
  const clock = virtualClock()
  const reports: Report[] = []
  const aborted: unknown[] = []
  const hub = createHubWith(contract, { onReport: (report) => reports.push(report), ...options }, clock)
  const router = createRouter(hub, {
    room: { join: anyone, messages: { say: ({ input, others }) => others.emit('said', input) } },
    sum: () => {},
    wait: ({ signal }) =>
      new Promise<void>((resolve) => {
        const stop = (): void => {
          aborted.push(signal.reason.code)
          resolve()
        }
        if (signal.aborted) stop()
        else signal.addEventListener('abort', stop)
      }),
  })
  const post = (path: string, body: BodyInit, init: RequestInit = {}) => {
    const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string>) }
    const request = new Request(`http://localhost${path}`, { method: 'POST', body, ...init, headers })
    return insideOf(router).fetch(request, path)
  }
  return { clock, reports, aborted, hub, router, post }
}

test('input that is wrong a hundred thousand times is told so a hundred times, and how often more', async () => {
  const { post, router, clock } = setUp()
  const wrong = `[${Array(100_000).fill('""').join()}]`
  const response = await post('/call/sum', wrong)
  const text = await response.text()
  const { error } = JSON.parse(text)
  expect([response.status, error.code, error.issues.length]).toEqual([422, 'VALIDATION', 100])
  expect(error.message).toContain('and 99999 more')
  expect(text.length).toBeLessThan(wrong.length)

  const ann = connect(router)
  greet(ann, 'ann')
  await clock.advance(0)
  ann.raw(`["call",1,"sum",0,${wrong}]`)
  await clock.advance(0)
  expect(ann.of('err')[0]![2].issues).toHaveLength(100)
})

test("nobody who belongs to nobody can have events withheld by knowing another's client id", async () => {
  const { router, post, clock } = setUp()
  const ann = connect(router)
  greet(ann, 'ann')
  await clock.advance(0)
  ann.say('sub', 1, 'room', null, null)
  await clock.advance(0)
  await post('/message/room/say', '{"text":"hi"}', { headers: { 'parley-client': clientId('ann') } })
  expect(ann.of('e')).toHaveLength(1)
})

test('the client id of a POST excludes the connections of the same member, and of no other', async () => {
  const { router, post, clock } = setUp({
    identify: () => 'ann',
  })
  const ann = connect(router)
  greet(ann, 'ann')
  await clock.advance(0)
  ann.say('sub', 1, 'room', null, null)
  await clock.advance(0)
  await post('/message/room/say', '{"text":"hi"}', { headers: { 'parley-client': clientId('ann') } })
  expect(ann.of('e')).toEqual([])
  expect(ann.of('p')).toHaveLength(1)
})

test('an upload that breaks off is no fault of the server, and not reported', async () => {
  const { post, reports } = setUp()
  const upload = new AbortController()
  const body = new ReadableStream({
    pull(controller) {
      upload.abort()
      controller.error(new Error('the connection was closed'))
    },
  })
  const response = await post('/call/sum', body, { signal: upload.signal, duplex: 'half' } as RequestInit)
  expect(response.status).toBe(499)
  expect(reports).toEqual([])
})

test('a caller that is gone before its handler begins has it stopped all the same', async () => {
  const { post, aborted } = setUp()
  const response = await post('/call/wait', '', { signal: AbortSignal.abort() })
  expect(response.status).toBe(499)
  expect(aborted).toEqual(['ABORTED'])
})

test('a reader that is gone before it is answered leaves nothing behind', async () => {
  const { router, hub } = setUp()
  const request = () => new Request('http://localhost/events/room', { signal: AbortSignal.abort() })
  await insideOf(router).fetch(request(), '/events/room')
  await hub.channel.room.respond(request())
  expect(router.inspect()).toMatchObject({ readers: 0, topics: 0, timers: 0 })
})

test('a stream that takes no more, before anybody was told why, ends its own response and no other', async () => {
  const { router, hub, clock, reports } = setUp()
  const responses = await Promise.all(
    [1, 2].map(() => hub.channel.room.respond(new Request('http://localhost/'))),
  )
  await clock.advance(0)
  expect(router.inspect().readers).toBe(2)
  const enqueue = vi.spyOn(ReadableStreamDefaultController.prototype, 'enqueue')
  enqueue.mockImplementationOnce(() => {
    throw new TypeError('Controller is already closed')
  })
  await hub.channel.room.emit('said', { text: 'hi' })
  expect(enqueue).toHaveBeenCalledTimes(2)
  enqueue.mockRestore()
  expect(router.inspect()).toMatchObject({ readers: 1, timers: 1 })
  expect(reports).toEqual([])
  await responses[1]!.body!.cancel()
})
