/** The server's end of fallback links, with a client written by hand and a virtual clock. */
import { call, channel, defineContract, type Report } from '@parley/shared'
import { closeCodes, type Limits } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith, type HubOptions } from '../../src/hub.js'
import { anyone, createRouter } from '../../src/index.js'
import { insideOf } from '../../src/router.js'
import { clientId, connect, greet } from '../peer.js'
import { type LinkPeer, openLink } from './link-peer.js'

const contract = defineContract({
  ticks: channel({
    events: { tick: z.object({ n: z.number(), fill: z.string().optional() }) },
    replay: { last: 100_000, for: '1h', bytes: 64 * 1_048_576 },
  }),
  say: call({ input: z.string(), output: z.string() }),
  bytes: call({ input: z.instanceof(Uint8Array), output: z.instanceof(Uint8Array) }),
})

function setUp(options: Partial<HubOptions<undefined, undefined>> = {}, limits: Partial<Limits> = {}) {
  const clock = virtualClock()
  const reports: Report[] = []
  const said: string[] = []
  const ended: string[] = []
  const hub = createHubWith(
    contract,
    {
      onReport: (report) => reports.push(report),
      onSession: () => (reason: string) => void ended.push(reason),
      limits,
      ...options,
    },
    clock,
  )
  const router = createRouter(hub, {
    ticks: { join: anyone },
    say({ input }) {
      said.push(input)
      return input
    },
    bytes: ({ input }) => input.toReversed(),
  })
  const open = async (headers?: Record<string, string>): Promise<LinkPeer> => {
    const peer = await openLink(router, headers)
    await clock.settle()
    return peer
  }
  /** A link whose hello was answered. */
  const welcomed = async (): Promise<LinkPeer> => {
    const peer = await open()
    await peer.say(['hello', { v: 1, contract: '0', client: clientId('ann') }])
    await clock.advance(0)
    expect(peer.of('welcome')).toHaveLength(1)
    return peer
  }
  return { clock, reports, said, ended, hub, router, open, welcomed }
}

const statusAndCode = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string } }
  return [response.status, error.code]
}

test('the stream begins with the secret that names the link, which stands in no address', async () => {
  const { open } = setUp()
  const [one, other] = [await open(), await open()]
  expect(one.response.headers.get('content-type')).toBe('text/event-stream')
  expect(one.response.headers.get('x-accel-buffering')).toBe('no')
  expect(one.opening).toEqual({
    link: expect.stringMatching(/^[\w-]{22}$/),
    bodyBytes: 2 * 1_048_576 + 1_024,
  })
  expect(one.opening?.link).not.toBe(other.opening?.link)
})

test('calls are answered and events arrive, as over a socket', async () => {
  const { welcomed, hub, clock, said } = setUp()
  const peer = await welcomed()
  const response = await peer.say(['sub', 1, 'ticks', null, null], ['call', 2, 'say', 0, 'hi'])
  expect([response.status, await response.text()]).toEqual([204, ''])
  await clock.advance(0)
  expect(peer.of('ok')).toEqual([['ok', 2, 'hi']])
  expect(said).toEqual(['hi'])
  for (let n = 1; n <= 3; n++) void hub.channel.ticks.emit('tick', { n })
  await clock.advance(0)
  expect(peer.of('e').map((frame) => frame[4].n)).toEqual([1, 2, 3])
})

test('bytes travel both ways', async () => {
  const { welcomed, clock } = setUp()
  const peer = await welcomed()
  const text = new TextEncoder().encode('["call",1,"bytes",0,0,{"values":[["custom","bytes"]],"v":1}]')
  const frame = Buffer.concat([Buffer.from([0, 0, 0, text.length]), text, Buffer.from([0, 0, 0, 3, 1, 2, 3])])
  await peer.post(JSON.stringify([frame.toString('base64')]))
  await clock.advance(0)
  expect(peer.binary).toHaveLength(1)
  expect([...Buffer.from(peer.binary[0]!, 'base64')].slice(-3)).toEqual([3, 2, 1])
})

test('a POST that comes again is answered again, and what it brought is taken once', async () => {
  const { welcomed, clock } = setUp()
  const peer = await welcomed()
  const body = JSON.stringify(['["ping"]'])
  const statuses = [
    await peer.post(body),
    await peer.post(body, { seq: 2 }),
    await peer.post('[', { seq: 1 }),
  ]
  await clock.advance(0)
  expect(statuses.map(({ status }) => status)).toEqual([204, 204, 204])
  expect(peer.of('pong')).toHaveLength(1)
})

test('two copies of a POST that come at one time are taken once', async () => {
  const { welcomed, clock } = setUp()
  const peer = await welcomed()
  const body = JSON.stringify(['["ping"]'])
  const both = await Promise.all([peer.post(body, { seq: 2 }), peer.post(body, { seq: 2 })])
  await clock.advance(0)
  expect(both.map(({ status }) => status)).toEqual([204, 204])
  expect(peer.of('pong')).toHaveLength(1)
})

test('a POST before its turn is refused, and runs when it comes in its turn', async () => {
  const { welcomed, clock, said } = setUp()
  const peer = await welcomed()
  const late = JSON.stringify(['["call",2,"say",0,"late"]'])
  expect(await statusAndCode(await peer.post(late, { seq: 3 }))).toEqual([409, 'CONFLICT'])
  await peer.post(JSON.stringify(['["call",1,"say",0,"early"]']), { seq: 2 })
  await peer.post(late, { seq: 3 })
  await clock.advance(0)
  expect(said).toEqual(['early', 'late'])
})

test.each([
  ['a link that nobody has', { link: 'AAAAAAAAAAAAAAAAAAAAAA' }, 404, 'NOT_FOUND'],
  ['no link', { link: '' }, 404, 'NOT_FOUND'],
  ['no number', { seq: '' }, 400, 'BAD_REQUEST'],
  ['a number that is none', { seq: '1.5' }, 400, 'BAD_REQUEST'],
  ['another content type', { headers: { 'content-type': 'text/plain' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['a foreign page', { headers: { origin: 'https://foreign.example' } }, 403, 'FORBIDDEN'],
  ['a page of another site', { headers: { 'sec-fetch-site': 'cross-site' } }, 403, 'FORBIDDEN'],
] as const)('a POST with %s is refused, and harms no link', async (_, init, status, code) => {
  const { welcomed, clock, said } = setUp()
  const peer = await welcomed()
  const response = await peer.post(JSON.stringify(['["call",1,"say",0,"bad"]']), { seq: 2, ...init })
  expect(await statusAndCode(response)).toEqual([status, code])
  await peer.say(['call', 1, 'say', 0, 'good'])
  await clock.advance(0)
  expect(said).toEqual(['good'])
})

test.each([
  ['no JSON', '[', closeCodes.PROTOCOL.code, 400],
  ['no array', '{}', closeCodes.PROTOCOL.code, 400],
  ['a frame that is none', '["*"]', closeCodes.PROTOCOL.code, 400],
  ['too many frames', JSON.stringify(Array(1_002).fill('[]')), closeCodes.TOO_LARGE.code, 413],
  ['too much', JSON.stringify(['x'.repeat(8_000)]), closeCodes.TOO_LARGE.code, 413],
])(
  'a body of %s ends the connection, with the code that a socket would be closed with',
  async (_, body, code, status) => {
    const { welcomed, clock, router } = setUp({}, { frameBytes: 3_000 })
    const peer = await welcomed()
    expect((await peer.post(body)).status).toBe(status)
    await clock.advance(0)
    expect(peer.close?.code).toBe(code)
    expect(peer.hasEnded).toBe(true)
    expect(router.inspect().connections).toBe(0)
  },
)

test('a frame that breaks the rules ends the connection, and what follows it is not looked at', async () => {
  const { welcomed, clock, said, reports } = setUp()
  const peer = await welcomed()
  await peer.post(JSON.stringify(['["sub"]', '["call",1,"say",0,"after"]']))
  await clock.advance(0)
  expect(peer.close?.code).toBe(closeCodes.PROTOCOL.code)
  expect(said).toEqual([])
  expect(reports).toMatchObject([{ kind: 'protocol' }])
})

test('a foreign page opens no link, and a page of an allowed origin is asked first', async () => {
  const { open, router } = setUp({ allowedOrigins: ['https://friend.example'] })
  const refused = await open({ origin: 'https://foreign.example' })
  expect(refused.response.status).toBe(403)
  const friend = await open({ origin: 'https://friend.example' })
  expect(friend.response.headers.get('access-control-allow-origin')).toBe('https://friend.example')
  const asked = await insideOf(router).fetch(
    new Request('http://localhost/link', {
      method: 'OPTIONS',
      headers: { origin: 'https://friend.example' },
    }),
    '/link',
  )
  expect(asked.status).toBe(204)
  expect(asked.headers.get('access-control-allow-headers')).toMatch(/parley-link, parley-seq/)
})

test('any other method is refused', async () => {
  const { router } = setUp()
  const request = new Request('http://localhost/link', { method: 'DELETE' })
  const response = await insideOf(router).fetch(request, '/link')
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST, OPTIONS'])
})

test('a client that closes with 1000 ends its session, after what it sent before', async () => {
  const { welcomed, clock, router, said, ended } = setUp()
  const peer = await welcomed()
  await peer.post(JSON.stringify(['["call",1,"say",0,"last"]', { code: 1000, reason: '' }]))
  await clock.advance(0)
  expect(said).toEqual(['last'])
  expect(ended).toEqual(['1000'])
  expect(peer.hasEnded).toBe(true)
  expect(peer.close).toBeUndefined() // it was not the server that closed
  expect(router.inspect()).toMatchObject({ connections: 0, sessions: 0, timers: 0 })
})

test('a client that hangs up leaves a session that it can come back to, and a link that takes nothing', async () => {
  const { welcomed, clock, router } = setUp()
  const peer = await welcomed()
  await peer.hangUp()
  await clock.advance(0)
  expect(router.inspect()).toMatchObject({ connections: 0, sessions: 1 })
  expect((await peer.say(['ping'])).status).toBe(404)
})

test('a client that is gone before it is answered leaves nothing behind', async () => {
  const { router } = setUp()
  const request = new Request('http://localhost/link', { signal: AbortSignal.abort() })
  expect((await insideOf(router).fetch(request, '/link')).status).toBe(499)
  expect(router.inspect()).toMatchObject({ connections: 0, timers: 0 })
})

test('a link without a hello is closed, as a socket is', async () => {
  const { open, clock } = setUp()
  const peer = await open()
  await clock.advance(11_000)
  expect(peer.close?.code).toBe(closeCodes.HELLO_TIMEOUT.code)
  expect(peer.hasEnded).toBe(true)
})

test('a link of a hub that was closed is told when to come back', async () => {
  const { open, hub, welcomed, clock } = setUp()
  const before = await welcomed()
  await hub.close()
  await clock.advance(0)
  expect(before.close?.code).toBe(closeCodes.MOVE.code)
  const after = await open()
  expect(after.close).toMatchObject({
    code: closeCodes.DRAINING.code,
    reason: expect.stringMatching(/delayMs/),
  })
  expect((await after.say(['ping'])).status).toBe(404)
})

test('a quiet link says a word every 5 s, and a busy one does not', async () => {
  const { welcomed, hub, clock } = setUp()
  const peer = await welcomed()
  await peer.say(['sub', 1, 'ticks', null, null])
  await clock.advance(15_000)
  expect(peer.comments.length).toBeGreaterThanOrEqual(2)
  const before = peer.comments.length
  for (let n = 0; n < 15; n++) {
    void hub.channel.ticks.emit('tick', { n })
    await clock.advance(1_000)
  }
  expect(peer.comments.length).toBe(before)
})

test('a reader that stalls is switched to the log, holds no more than its bound, and misses nothing', async () => {
  const { welcomed, hub, clock, router } = setUp()
  const peer = await welcomed()
  await peer.say(['sub', 1, 'ticks', null, null])
  await clock.advance(0)
  peer.stall()
  const fill = 'x'.repeat(10_000)
  for (let n = 0; n < 1_000; n++) await hub.channel.ticks.emit('tick', { n, fill })
  await clock.advance(1_000)
  const { queuedBytes, live } = router.inspect()
  expect(queuedBytes).toBeGreaterThan(0)
  expect(queuedBytes).toBeLessThan(2 * 1_048_576)
  expect(live).toBe(0)
  peer.resume()
  await clock.advance(5_000)
  expect(peer.of('e').map((frame) => frame[4].n)).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
  expect(router.inspect()).toMatchObject({ queuedBytes: 0, live: 1 })
})

test('a client that takes no bytes for half a minute is let go as too slow, though its POSTs still come', async () => {
  const { welcomed, hub, clock, router } = setUp()
  const peer = await welcomed()
  await peer.say(['sub', 1, 'ticks', null, null])
  await clock.advance(0)
  peer.stall()
  for (let n = 0; n < 100; n++) void hub.channel.ticks.emit('tick', { n, fill: 'x'.repeat(10_000) })
  for (let s = 0; s < 28; s++) {
    await clock.advance(1_000)
    await peer.say(['ping'])
  }
  expect(router.inspect().connections).toBe(1)
  await clock.advance(5_000)
  expect(router.inspect()).toMatchObject({ connections: 0, sessions: 1 })
  peer.resume()
  await clock.advance(0)
  expect(peer.close?.code).toBe(closeCodes.SLOW.code)
})

test('a link and a socket of one topic get the same bytes of an event, in the same order', async () => {
  const { welcomed, hub, clock, router } = setUp()
  const peer = await welcomed()
  const socket = connect(router)
  greet(socket, 'bob')
  await clock.advance(0)
  await peer.say(['sub', 1, 'ticks', null, null])
  socket.say('sub', 1, 'ticks', null, null)
  await clock.advance(0)
  for (let n = 1; n <= 20; n++) void hub.channel.ticks.emit('tick', { n })
  await clock.advance(0)
  expect(peer.of('e')).toEqual(socket.of('e'))
  expect(peer.of('e')).toHaveLength(20)
})
