/** A fallback link over a fetch in the hands of the test. */
import { closeCodes, encodeDown, type FrameData } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { FallbackLink, type FallbackOptions } from '../../src/transports/fallback.js'
import { ScriptedFetch, type ScriptedRequest } from './scripted-fetch.js'

const naming = (bodyBytes: number): string => encodeDown({ type: 'link', link: 'the-secret', bodyBytes })
const named = naming(190)
const down = (data: FrameData): string => encodeDown({ type: 'frame', data })
const closing = (code: number, reason = ''): string => encodeDown({ type: 'close', code, reason })
const heldBack = expect.stringMatching(/"BUFFERING_PROXY"/)
const error = (status: number, code: string): Response =>
  Response.json({ error: { code, message: `it was ${code}` } }, { status })
const taken = (): Response => new Response(null, { status: 204 })

function setUp(options: Partial<FallbackOptions> = {}, bodyBytes = 190) {
  const named = naming(bodyBytes)
  const clock = virtualClock()
  const script = new ScriptedFetch()
  const link = new FallbackLink({
    url: 'https://host/realtime?a=1',
    fetch: script.fetch,
    clock,
    headers: undefined,
    credentials: undefined,
    ...options,
  })
  const connect = async () => {
    const happened: unknown[] = []
    const end = link.connect({
      opened: () => happened.push('opened'),
      received: (data) => happened.push(data),
      closed: (code, reason) => happened.push([code, reason]),
    })
    await clock.settle()
    return { end, happened, stream: script.last }
  }
  /** One that is open. */
  const open = async () => {
    const all = await connect()
    all.stream.open(named)
    await clock.settle()
    expect(all.happened.splice(0)).toEqual(['opened'])
    return all
  }
  const posts = (): ScriptedRequest[] => script.requests.filter(({ init }) => init.method === 'POST')
  const bodyOf = (request: ScriptedRequest): unknown => JSON.parse(String(request.init.body))
  return { clock, script, link, connect, open, posts, bodyOf }
}

test('it opens with the first block, and frames come as they were sent', async () => {
  const { connect, clock } = setUp()
  const { stream, happened } = await connect()
  expect([stream.url.href, stream.init.method]).toEqual(['https://host/realtime/link?a=1', undefined])
  stream.open()
  await clock.settle()
  expect(happened).toEqual([])
  stream.send(`${named}:\n\n${down('["ping"]')}${down(new Uint8Array([1, 2]))}event:parley.later\ndata:1\n\n`)
  await clock.settle()
  expect(happened).toEqual(['opened', '["ping"]', new Uint8Array([1, 2])])
})

test('the secret travels in a header, and what an application wants to be sent goes with each request', async () => {
  let asked = 0
  const { open, posts, clock } = setUp({
    headers: async () => ({ authorization: `Bearer ${++asked}`, 'content-type': 'text/plain' }),
    credentials: 'include',
  })
  const { end, stream } = await open()
  end.send('["ping"]')
  await clock.settle()
  const [post] = posts()
  expect(stream.headers.get('authorization')).toBe('Bearer 1')
  expect(stream.init.credentials).toBe('include')
  expect(post?.url.href).toBe('https://host/realtime/link?a=1')
  expect(Object.fromEntries(post!.headers)).toEqual({
    authorization: 'Bearer 2',
    'content-type': 'application/json',
    'parley-link': 'the-secret',
    'parley-seq': '1',
  })
  expect(post?.init.credentials).toBe('include')
})

test('what is sent in one turn goes in one POST, and what is sent meanwhile in the next', async () => {
  const { open, posts, bodyOf, clock } = setUp()
  const { end } = await open()
  end.send('["a"]')
  end.send(new Uint8Array([1, 2, 3]))
  await clock.settle()
  end.send('["b"]')
  end.send('["c"]')
  await clock.settle()
  expect(posts().map(bodyOf)).toEqual([['["a"]', 'AQID']])
  expect(end.buffered()).toBeGreaterThan(0)
  posts()[0]!.answer(taken())
  await clock.settle()
  expect(posts().map(bodyOf)).toEqual([
    ['["a"]', 'AQID'],
    ['["b"]', '["c"]'],
  ])
  expect(posts().map(({ headers }) => headers.get('parley-seq'))).toEqual(['1', '2'])
  posts()[1]!.answer(taken())
  await clock.settle()
  expect(end.buffered()).toBe(0)
})

test('a POST has no more bytes than the server said, unless one frame alone has', async () => {
  const { open, posts, bodyOf, clock } = setUp()
  const { end } = await open()
  const frames = ['€'.repeat(30), 'b'.repeat(90), 'c'.repeat(90), 'd'.repeat(300)].map(
    (text) => `["${text}"]`,
  )
  for (const frame of frames) end.send(frame)
  for (let i = 0; i < 4; i++) {
    await clock.settle()
    posts().at(-1)!.answer(taken())
  }
  await clock.settle()
  expect(posts().map(bodyOf)).toEqual([[frames[0]], [frames[1]], [frames[2]], [frames[3]]])
})

test('a POST has no more frames than a server looks at in one go', async () => {
  const { open, posts, bodyOf, clock } = setUp(undefined, 1_000_000)
  const { end } = await open()
  for (let n = 0; n < 2_500; n++) end.send(`["${n}"]`)
  for (let i = 0; i < 3; i++) {
    await clock.settle()
    posts().at(-1)!.answer(taken())
  }
  await clock.settle()
  const bodies = posts().map(bodyOf) as string[][]
  expect(bodies.map(({ length }) => length)).toEqual([1_000, 1_000, 500])
  expect(bodies.flat()).toEqual(Array.from({ length: 2_500 }, (_, n) => `["${n}"]`))
})

test('a POST that fails on its way is sent once more, under its number', async () => {
  const { open, posts, bodyOf, clock } = setUp()
  const { end, happened } = await open()
  end.send('["a"]')
  await clock.settle()
  posts()[0]!.fail()
  await clock.settle()
  expect(posts().map(bodyOf)).toEqual([['["a"]'], ['["a"]']])
  expect(posts().map(({ headers }) => headers.get('parley-seq'))).toEqual(['1', '1'])
  posts()[1]!.fail()
  await clock.settle()
  expect(posts()).toHaveLength(2)
  expect(happened).toEqual([[1006, expect.stringMatching(/a POST failed/)]])
})

test('a POST that nobody answers ends the link, though the stream still comes', async () => {
  const { open, clock, posts } = setUp()
  const { end, stream, happened } = await open()
  end.send('["a"]')
  for (let s = 0; s < 11; s++) {
    await clock.advance(1_000)
    stream.send(':\n\n')
  }
  await clock.settle()
  expect(happened).toEqual([[1006, expect.stringMatching(/not answered in time/)]])
  expect(stream.isGone).toBe(true)
  expect(posts().map(({ isGone }) => isGone)).toEqual([true])
})

test.each([
  ['a link that is not known any more', error(404, 'NOT_FOUND'), 1006],
  ['a hole', error(409, 'CONFLICT'), 1006],
  ['a gateway in front of a server that is down', new Response('<html>', { status: 502 }), 1006],
  ['a gateway of its own mind', new Response('no', { status: 403 }), 1006],
  ['a frame that is too large', error(413, 'TOO_LARGE'), closeCodes.TOO_LARGE.code],
  ['a protocol that was broken', error(400, 'PROTOCOL'), closeCodes.PROTOCOL.code],
  ['an origin that is not allowed', error(403, 'FORBIDDEN'), closeCodes.FORBIDDEN.code],
])('a POST that is refused for %s ends the link', async (_, answer, code) => {
  const { open, posts, clock } = setUp()
  const { end, happened } = await open()
  end.send('["a"]')
  await clock.settle()
  posts()[0]!.answer(answer)
  await clock.settle()
  end.send('["b"]')
  await clock.advance(2_000)
  expect(happened).toEqual([[code, expect.any(String)]])
  expect(posts()).toHaveLength(1)
})

test('where a POST is refused because the server closed the link, the stream says why', async () => {
  const { open, posts, clock } = setUp()
  const { end, happened, stream } = await open()
  end.send('["a"]')
  await clock.settle()
  posts()[0]!.answer(error(404, 'NOT_FOUND'))
  await clock.advance(500)
  stream.send(closing(4410, '{"code":"DISCONNECTED"}'))
  await clock.advance(2_000)
  expect(happened).toEqual([[4410, '{"code":"DISCONNECTED"}']])
})

test('a close by the server has its code and reason, and nothing follows', async () => {
  const { open, clock } = setUp()
  const { stream, happened, end } = await open()
  stream.send(closing(4100, '{"code":"DRAINING","delayMs":9}') + down('["late"]') + closing(4000))
  await clock.settle()
  expect(happened).toEqual([[4100, '{"code":"DRAINING","delayMs":9}']])
  end.send('["a"]')
  end.close(1000, '')
  await clock.settle()
  expect(clock.pending()).toBe(0)
})

test('a stream that ends without a word was cut', async () => {
  const { open, clock } = setUp()
  const ended = await open()
  ended.stream.end()
  const broken = await open()
  broken.stream.fail()
  await clock.settle()
  expect([...ended.happened, ...broken.happened]).toEqual([
    [1006, ''],
    [1006, ''],
  ])
})

test.each([
  ['a frame before the link is named', down('["ping"]')],
  ['a link that is named twice', named + named],
  ['a block that cannot be read', `${named}event:parley.bytes\ndata:!\n\n`],
])('%s breaks the protocol', async (_, text) => {
  const { connect, clock } = setUp()
  const { stream, happened } = await connect()
  stream.open(text)
  await clock.settle()
  expect(happened.at(-1)).toEqual([closeCodes.PROTOCOL.code, expect.any(String)])
})

test('a close by the client is told after what was sent before it, and the stream goes last', async () => {
  const { open, posts, bodyOf, clock } = setUp()
  const { end, stream, happened } = await open()
  end.send('["a"]')
  await clock.settle()
  end.send('["b"]')
  end.close(1000, '')
  end.send('["late"]')
  expect(end.buffered()).toBe(0)
  stream.send(down('["unheard"]'))
  await clock.settle()
  expect(posts().map(bodyOf)).toEqual([['["a"]']])
  posts()[0]!.answer(taken())
  await clock.settle()
  expect(posts().map(bodyOf)[1]).toEqual(['["b"]', { code: 1000, reason: '' }])
  expect(posts()[1]!.init.keepalive).toBe(true)
  expect(stream.isGone).toBe(false)
  posts()[1]!.answer(taken())
  await clock.settle()
  expect(stream.isGone).toBe(true)
  expect(happened).toEqual([])
  expect(clock.pending()).toBe(0)
})

test('a close that nobody answers lets everything go all the same', async () => {
  const { open, posts, clock } = setUp()
  const { end, stream } = await open()
  end.close(4001, '')
  await clock.advance(6_000)
  expect([stream.isGone, posts()[0]!.isGone]).toEqual([true, true])
  expect(clock.pending()).toBe(0)
})

test('a link that is given up before it opened lets the request go, and says nothing', async () => {
  const { connect, clock, script } = setUp()
  const { end, stream, happened } = await connect()
  end.close(4003, '')
  stream.open(named)
  await clock.advance(20_000)
  expect(stream.isGone).toBe(true)
  expect(happened).toEqual([])
  expect(script.requests).toHaveLength(1)
  expect(clock.pending()).toBe(0)
})

test('a server that cannot be reached is 1006, and says where it was looked for', async () => {
  const { connect, clock } = setUp()
  const { stream, happened } = await connect()
  stream.fail()
  await clock.advance(20_000)
  expect(happened).toEqual([[1006, expect.stringMatching(/never opened.*https:\/\/host\/realtime\/link/)]])
})

test.each([
  ['a Parley server that refuses the origin', error(403, 'FORBIDDEN'), closeCodes.FORBIDDEN.code],
  ['a gateway that refuses', new Response('no', { status: 403 }), 1006],
  ['a page in its place', new Response('<html>', { headers: { 'content-type': 'text/html' } }), 1006],
  ['nothing there', new Response('not found', { status: 404 }), 1006],
])('%s: the link closes with its code', async (_, answer, code) => {
  const { connect, clock } = setUp()
  const { stream, happened } = await connect()
  stream.answer(answer)
  await clock.settle()
  expect(happened).toEqual([[code, expect.any(String)]])
})

test('a server that is busy says when to come back', async () => {
  const { connect, clock } = setUp()
  const { stream, happened } = await connect()
  stream.answer(new Response(null, { status: 503, headers: { 'retry-after': '7' } }))
  await clock.settle()
  expect(happened).toEqual([[closeCodes.OVERLOADED.code, '{"code":"OVERLOADED","delayMs":7000}']])
})

test('headers that cannot be had are a failed attempt', async () => {
  const { clock, link } = setUp({ headers: () => Promise.reject(new Error('no token')) })
  const happened: unknown[] = []
  link.connect({
    opened() {},
    received() {},
    closed: (code, reason) => happened.push([code, reason]),
  })
  await clock.settle()
  expect(happened).toEqual([[1006, expect.stringMatching(/headers/)]])
})

test('a stream whose head comes and whose first block does not is held back', async () => {
  const { connect, clock } = setUp()
  const { stream, happened } = await connect()
  await clock.advance(4_000)
  stream.open()
  await clock.advance(4_900)
  expect(happened).toEqual([])
  await clock.advance(200)
  expect(happened).toEqual([[1006, heldBack]])
  expect(stream.isGone).toBe(true)
})

test('a stream whose head does not come is held back where the server answers something else', async () => {
  const { connect, clock, script } = setUp()
  const { stream, happened } = await connect()
  await clock.advance(5_100)
  expect(script.last.url.href).toBe('https://host/realtime/health?a=1')
  expect(happened).toEqual([])
  script.last.answer(Response.json({ status: 'ok' }))
  await clock.settle()
  expect(happened).toEqual([[1006, heldBack]])
  expect(stream.isGone).toBe(true)
})

test.each([
  ['refuses', (request: ScriptedRequest) => request.fail()],
  ['is silent', () => {}],
  ['is a page of somebody else', (request: ScriptedRequest) => request.answer(new Response('<html>'))],
])('where the server %s as well, nobody is blamed', async (_, answer) => {
  const { connect, clock, script } = setUp()
  const { happened, stream, end } = await connect()
  await clock.advance(5_100)
  answer(script.last)
  await clock.advance(10_000)
  expect(happened).toEqual([])
  stream.open(named) // it was only slow
  await clock.settle()
  expect(happened).toEqual(['opened'])
  end.close(1000, '')
})

test('a head that comes while the server is asked for something else has its own time for the first block', async () => {
  const { connect, clock, script } = setUp()
  const { happened, stream, end } = await connect()
  await clock.advance(5_100)
  stream.open()
  await clock.settle()
  script.last.answer(Response.json({ status: 'ok' }))
  await clock.advance(4_000)
  stream.send(named)
  await clock.settle()
  expect(happened).toEqual(['opened'])
  end.close(1000, '')
})

test('three streams in a row that are held back are the end; one that opens, or fails in another way, counts anew', async () => {
  const { connect, clock } = setUp()
  const held = async (): Promise<unknown> => {
    const { stream, happened } = await connect()
    stream.open()
    await clock.advance(6_000)
    return (happened[0] as unknown[])[0]
  }
  expect([await held(), await held()]).toEqual([1006, 1006])
  const opened = await connect()
  opened.stream.open(named)
  await clock.settle()
  opened.end.close(1000, '')
  expect([await held(), await held()]).toEqual([1006, 1006])
  const failed = await connect()
  failed.stream.fail()
  await clock.settle()
  expect([await held(), await held(), await held()]).toEqual([1006, 1006, closeCodes.BUFFERING_PROXY.code])
})

test('an address that is none is said when a connection is wanted', () => {
  const { clock, script } = setUp()
  const options = { fetch: script.fetch, clock, headers: undefined, credentials: undefined }
  const link = new FallbackLink({ ...options, url: 'ftp://host/' })
  expect(() => link.connect({ opened() {}, received() {}, closed() {} })).toThrow(/not of http/)
})
