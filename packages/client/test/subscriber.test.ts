import { channel, defineContract, ParleyError, type Report, volatile } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createSubscriber, type ReadFrom, type SubscriberOptions } from '../src/index.js'
import { end, event, gap, live, ready, ScriptedFetch } from './transports/scripted-fetch.js'

const contract = defineContract({
  feed: channel({
    events: {
      note: z.object({ n: z.number() }),
      when: z.object({ at: z.date() }),
      hint: volatile(z.string()),
    },
  }),
  stats: channel({ events: { changed: z.number() }, replay: 'latest', times: true }),
  inbox: channel({ params: z.object({ user: z.string(), page: z.number() }), events: { note: z.string() } }),
})

const url = '/api/events'

function setUp(options: Partial<SubscriberOptions<undefined>> = {}) {
  const clock = virtualClock()
  const script = new ScriptedFetch()
  const reports: Report[] = []
  const feed = createSubscriber(contract, 'feed', {
    url,
    clock,
    fetch: script.fetch,
    onReport: (report) => reports.push(report),
    ...options,
  })
  const seen: unknown[] = []
  const read = (from?: ReadFrom) =>
    feed.read((item) => seen.push(item.gap ? item.gap.reason : item.data), from === undefined ? {} : { from })
  return { clock, script, reports, feed, seen, read }
}

const code = (error: unknown): string | undefined => (error instanceof ParleyError ? error.code : undefined)

// --- connecting ---------------------------------------------------------------------------------------------

test('it connects with its first reader, and not by being made', async () => {
  const { clock, script, feed } = setUp()
  await clock.advance(60_000)
  expect(script.requests).toHaveLength(0)
  expect(feed.status.getSnapshot()).toEqual({ status: 'idle' })
  feed.on('note', () => {})
  await clock.settle()
  feed.on('note', () => {})
  await clock.settle()
  expect(script.requests).toHaveLength(1)
  expect(feed.status.getSnapshot()).toEqual({ status: 'joining' })
})

test('it asks for an event stream, says which contract it has, and leaves out what is not known', async () => {
  const { clock, script, feed } = setUp()
  feed.on('note', () => {})
  await clock.settle()
  const { url: asked, headers, init } = script.last
  expect(`${asked.pathname}${asked.search}`).toBe('/api/events')
  expect(headers.get('accept')).toBe('text/event-stream')
  expect(headers.get('parley-contract')).toBe(contract.fingerprint)
  expect(headers.has('last-event-id')).toBe(false)
  expect(init.credentials).toBeUndefined()
})

test('params become query fields beside those of the address, and `from` says where its first reader begins', async () => {
  const clock = virtualClock()
  const script = new ScriptedFetch()
  const options = { clock, fetch: script.fetch, credentials: 'include' as const }
  const inbox = createSubscriber(contract, 'inbox', {
    url: '/events?tenant=a',
    params: { user: 'Zoë & co', page: 2 },
    ...options,
  })
  inbox.on('note', () => {}, { from: { last: 50 } })
  await clock.settle()
  expect(Object.fromEntries(script.last.url.searchParams)).toEqual({
    tenant: 'a',
    user: 'Zoë & co',
    page: '2',
    from: 'last:50',
  })
  expect(script.last.init.credentials).toBe('include')
})

test('a position or the beginning are asked for as they are', async () => {
  for (const from of ['e-7', 'first'] as const) {
    const { clock, script, feed } = setUp()
    feed.on('note', () => {}, { from })
    await clock.settle()
    expect(script.last.url.searchParams.get('from')).toBe(from)
    expect(script.last.headers.has('last-event-id')).toBe(false)
  }
})

test('headers are asked for anew at each connection, and win over nothing of its own', async () => {
  let n = 0
  const headers = async () => ({ authorization: `Bearer ${++n}`, accept: 'text/html' })
  const { clock, script, feed } = setUp({ headers })
  feed.on('note', () => {})
  await clock.settle()
  script.last.fail()
  await clock.advance(2_000)
  expect(script.requests.map((one) => one.headers.get('authorization'))).toEqual(['Bearer 1', 'Bearer 2'])
  expect(script.last.headers.get('accept')).toBe('text/event-stream')
})

test('headers that cannot be had are a failed attempt, which is reported and made again', async () => {
  let fails = true
  const headers = () => (fails ? Promise.reject(new Error('no token')) : {})
  const { clock, script, reports, feed } = setUp({ headers })
  feed.on('note', () => {})
  await clock.settle()
  expect(script.requests).toHaveLength(0)
  expect(reports).toMatchObject([{ kind: 'handler-failed', path: 'feed' }])
  fails = false
  await clock.advance(2_000)
  expect(script.requests).toHaveLength(1)
})

test('a relative address away from any page is said to be one where reading begins', () => {
  const feed = createSubscriber(contract, 'feed', { url })
  expect(() => feed.on('note', () => {})).toThrow(/relative/)
})

// --- reading ------------------------------------------------------------------------------------------------

test('events come with their data, their position and whether they were replayed', async () => {
  const { clock, script, feed } = setUp()
  const seen: unknown[] = []
  feed.on('note', (data, { position, replayed }) => seen.push([data.n, position, replayed]))
  feed.on('when', ({ at }) => seen.push(at))
  feed.on('hint', (hint, { position }) => seen.push([hint, position]))
  await clock.settle()
  const { last } = script
  last.open(ready('e-0') + event('note', { n: 1 }, 'e-1') + live('e-1') + event('note', { n: 2 }, 'e-2'))
  last.send(
    'event: when\nid: e-3\ndata: {"at":"2026-01-01T00:00:00.000Z"}\nmeta: {"values":{"at":["Date"]},"v":1}\n\n',
  )
  last.send(event('hint', 'psst'))
  await clock.settle()
  expect(seen).toEqual([
    [1, 'e-1', true],
    [2, 'e-2', false],
    new Date('2026-01-01T00:00:00.000Z'),
    ['psst', undefined],
  ])
})

test('the status goes from idle over joining and catching-up to live, and `ready` resolves to the position', async () => {
  const { clock, script, feed, read } = setUp()
  const statuses: string[] = []
  feed.status.subscribe(() => statuses.push(feed.status.getSnapshot().status))
  read('e-3')
  const position = feed.ready()
  await clock.settle()
  script.last.open(ready('e-3'))
  await clock.settle()
  script.last.send(event('note', { n: 4 }, 'e-4') + live('e-4'))
  await clock.settle()
  expect(statuses).toEqual(['joining', 'catching-up', 'live'])
  expect(await position).toBe('e-4')
})

test('bytes may be cut anywhere', async () => {
  const text =
    ready('e-0') +
    event('note', { n: 1 }, 'e-1') +
    event('hint', 'é 😀 \u2028') +
    gap('e-1', 'e-5') +
    live('e-5')
  const bytes = new TextEncoder().encode(text)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
      const { clock, script, feed, seen, read } = setUp()
      read('e-0')
      await clock.settle()
      script.last.open()
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      for (const [i, edge] of edges.entries()) {
        script.last.send(bytes.slice(edges[i - 1] ?? 0, edge))
        await clock.settle()
      }
      expect(seen).toEqual([{ n: 1 }, 'é 😀 \u2028', 'trimmed'])
      expect(feed.status.getSnapshot()).toEqual({ status: 'live' })
    }),
    { numRuns: 50 },
  )
})

test('an event that the contract does not have is passed over, and its position is kept', async () => {
  const { clock, script, seen, read } = setUp()
  read()
  await clock.settle()
  script.last.open(ready('e-0') + live('e-0') + event('later', 1, 'e-1') + event('parley.later', 1, 'e-1'))
  await clock.settle()
  script.last.end()
  await clock.advance(3_000)
  expect(seen).toEqual([])
  expect(script.last.headers.get('last-event-id')).toBe('e-1')
})

test('an event that cannot be read is reported, and a gap stands in its place', async () => {
  const { clock, script, reports, seen, read } = setUp()
  read()
  await clock.settle()
  script.last.open(
    `${ready('e-0') + live('e-0')}event: note\nid: e-1\ndata: {"n":\n\n${event('note', { n: 2 }, 'e-2')}`,
  )
  await clock.settle()
  expect(seen).toEqual(['incompatible', { n: 2 }])
  expect(reports).toMatchObject([{ kind: 'protocol', path: 'feed' }])
})

test('`times` gives the moment at which the log took an event', async () => {
  const clock = virtualClock()
  const script = new ScriptedFetch()
  const stats = createSubscriber(contract, 'stats', { url, clock, fetch: script.fetch })
  const at: unknown[] = []
  stats.on('changed', (_, details) => at.push(details.at))
  await clock.settle()
  expect(script.last.url.searchParams.get('from')).toBe('first') // it keeps the newest value, which is what one wants
  script.last.open(`${ready('e-0')}event: changed\nid: e-1\ndata: 5\nat: 1700000000000\n\n`)
  await clock.settle()
  expect(at).toEqual([1_700_000_000_000])
})

test('a listener that throws has had the event, is reported, and harms nobody', async () => {
  const { clock, script, reports, feed, seen, read } = setUp()
  const calls: number[] = []
  feed.on('note', ({ n }) => {
    calls.push(n)
    throw new Error('mine')
  })
  read()
  await clock.settle()
  script.last.open(
    ready('e-0') + live('e-0') + event('note', { n: 1 }, 'e-1') + event('note', { n: 2 }, 'e-2'),
  )
  await clock.settle()
  expect(calls).toEqual([1, 2])
  expect(seen).toEqual([{ n: 1 }, { n: 2 }])
  expect(reports.map(({ kind }) => kind)).toEqual(['listener-failed', 'listener-failed'])
})

test('a listener that is taken back inside a listener gets nothing more', async () => {
  const { clock, script, feed } = setUp()
  const calls: string[] = []
  feed.on('note', () => {
    calls.push('first')
    stop()
  })
  const stop = feed.on('note', () => calls.push('second'))
  await clock.settle()
  script.last.open(ready('e-0') + live('e-0') + event('note', { n: 1 }, 'e-1'))
  await clock.settle()
  expect(calls).toEqual(['first'])
})

test('a gap reaches every reader in its place, and onGap once', async () => {
  const { clock, script, feed } = setUp()
  const seen: unknown[] = []
  const gaps: unknown[] = []
  feed.on('note', ({ n }) => seen.push(n))
  feed.on('note', ({ n }) => seen.push(n))
  feed.onGap((one) => {
    gaps.push(one)
    seen.push('gap')
  })
  const loop = (async () => {
    const items: unknown[] = []
    for await (const { data, gap: hole } of feed.events()) {
      items.push(hole?.reason ?? data)
      if (items.length === 3) return items
    }
    return items
  })()
  await clock.settle()
  script.last.open(ready('e-0') + live('e-0') + event('note', { n: 1 }, 'e-1'))
  script.last.send(gap('e-1', 'e-9', 'expired') + event('note', { n: 10 }, 'e-10'))
  await clock.settle()
  expect(seen).toEqual([1, 1, 'gap', 10, 10])
  expect(gaps).toEqual([{ after: 'e-1', first: 'e-9', reason: 'expired' }])
  expect(await loop).toEqual([{ n: 1 }, 'expired', { n: 10 }])
})

test('a gap that nobody listens for is reported', async () => {
  const { clock, script, reports, feed } = setUp()
  feed.on('note', () => {})
  await clock.settle()
  script.last.open(ready('e-0') + live('e-0') + gap('e-0', 'e-9'))
  await clock.settle()
  expect(reports).toMatchObject([{ kind: 'gap-unheard', path: 'feed' }])
})

test('a name that the channel does not have is refused by name', () => {
  const { feed } = setUp()
  const loose = feed as unknown as { on(name: string, listener: () => void): void }
  expect(() => loose.on('nott', () => {})).toThrow(/no event 'nott'; it has note, when, hint/)
})

// --- coming back --------------------------------------------------------------------------------------------

test('after a cut it comes back from its position, without a hole or a repeat', async () => {
  const { clock, script, feed, seen, read } = setUp()
  read('first')
  await clock.settle()
  script.last.open(
    ready('e-0') + event('note', { n: 1 }, 'e-1') + live('e-1') + event('note', { n: 2 }, 'e-2'),
  )
  await clock.settle()
  script.last.fail()
  await clock.settle()
  expect(feed.status.getSnapshot()).toEqual({ status: 'joining' })
  await clock.advance(2_000)
  expect(script.requests).toHaveLength(2)
  expect(script.last.headers.get('last-event-id')).toBe('e-2')
  expect(script.last.url.searchParams.has('from')).toBe(false)
  script.last.open(
    ready('e-2') + event('note', { n: 2 }, 'e-2') + event('note', { n: 3 }, 'e-3') + live('e-3'),
  )
  await clock.settle()
  expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
})

test('a position is known from the beginning, also when nothing ever happened', async () => {
  const { clock, script, read } = setUp()
  read()
  await clock.settle()
  script.last.open(ready('e-41'))
  await clock.settle()
  script.last.end()
  await clock.advance(3_000)
  expect(script.last.headers.get('last-event-id')).toBe('e-41')
})

test('a position outlives volatile events, empty ids and everything else that has none', async () => {
  const { clock, script, read } = setUp()
  read()
  await clock.settle()
  script.last.open(ready('e-0') + live('e-0') + event('note', { n: 1 }, 'e-1'))
  script.last.send(`${event('hint', 'a')}event: hint\nid:\ndata: "b"\n\nid: \n\n:\n\n`)
  await clock.settle()
  script.last.end()
  await clock.advance(3_000)
  expect(script.last.headers.get('last-event-id')).toBe('e-1')
})

test('a cut between the head and its gap does not swallow the gap', async () => {
  const { clock, script, seen, read } = setUp()
  read('e-3')
  await clock.settle()
  script.last.open(ready('e-90'))
  await clock.settle()
  script.last.fail()
  await clock.advance(2_000)
  expect(script.last.headers.get('last-event-id')).toBe('e-3')
  script.last.open(ready('e-90') + gap('e-3', 'e-90') + live('e-90'))
  await clock.settle()
  expect(seen).toEqual(['trimmed'])
})

test.each([502, 503, 504, 500, 429, 408])('an answer of %i is tried again', async (status) => {
  const { clock, script, seen, read } = setUp()
  read()
  await clock.settle()
  script.last.answer(new Response('<h1>proxy</h1>', { status }))
  await clock.advance(2_000)
  script.last.open(ready('e-0') + live('e-0') + event('note', { n: 1 }, 'e-1'))
  await clock.settle()
  expect(script.requests).toHaveLength(2)
  expect(seen).toEqual([{ n: 1 }])
})

test('a server that cannot be reached is reported once, and no more after it was', async () => {
  const { clock, script, read, reports } = setUp()
  const unreachable = [{ kind: 'unreachable', path: 'feed', message: '/api/events could not be reached' }]
  read()
  for (let n = 1; n <= 3; n++) {
    await clock.runUntil(() => script.requests.length === n)
    script.last.fail()
    await clock.settle()
    expect(reports).toMatchObject(unreachable)
  }
  await clock.runUntil(() => script.requests.length === 4)
  script.last.open(ready('e-0') + live('e-0'))
  await clock.settle()
  script.last.fail()
  await clock.runUntil(() => script.requests.length === 5)
  script.last.fail()
  await clock.settle()
  expect(reports).toHaveLength(1)
})

test('a page in the place of the stream is tried again, and reported: the address may be wrong', async () => {
  const { clock, script, read, reports } = setUp()
  read()
  await clock.settle()
  script.last.answer(new Response('<h1>sign in</h1>', { headers: { 'content-type': 'text/html' } }))
  await clock.advance(2_000)
  expect(script.requests).toHaveLength(2)
  const message = expect.stringMatching(
    /^\/api\/events answered with text\/html .* an SSE route of Parley\?$/,
  )
  expect(reports).toEqual([{ kind: 'protocol', path: 'feed', message }])
})

test('attempts are further and further apart, and close again only after a response that held 10 s', async () => {
  const { clock, script, read } = setUp()
  read()
  const waits: number[] = []
  const cut = async (heldMs: number | undefined) => {
    await clock.settle()
    if (heldMs !== undefined) {
      script.last.open(ready('e-0') + live('e-0'))
      for (let ms = 0; ms < heldMs; ms += 1_000) {
        await clock.advance(1_000)
        script.last.send(':\n\n')
        await clock.settle()
      }
    }
    const before = script.requests.length
    const at = clock.now()
    script.last.fail()
    await clock.runUntil(() => script.requests.length > before)
    waits.push(clock.now() - at)
  }
  for (const held of [undefined, undefined, undefined, undefined, undefined, undefined, 5_000])
    await cut(held)
  const most = [1_500, 2_500, 4_500, 8_500, 16_500, 30_500, 30_500]
  for (const [i, wait] of waits.entries()) {
    expect(wait).toBeGreaterThanOrEqual(500)
    expect(wait).toBeLessThanOrEqual(most[i]!)
  }
  expect(Math.max(...waits)).toBeGreaterThan(2_500)
  await cut(11_000)
  expect(waits.at(-1)).toBeLessThanOrEqual(1_500)
})

test.each(['seconds', 'date'])('`Retry-After` in %s is obeyed, for one attempt', async (form) => {
  const { clock, script, read } = setUp()
  read()
  await clock.settle()
  const value = form === 'seconds' ? '20' : new Date(clock.now() + 20_000).toUTCString()
  script.last.answer(new Response(null, { status: 503, headers: { 'retry-after': value } }))
  await clock.advance(19_999)
  expect(script.requests).toHaveLength(1)
  await clock.advance(251)
  expect(script.requests).toHaveLength(2)
  script.last.fail()
  await clock.advance(2_500)
  expect(script.requests).toHaveLength(3)
})

test('`retry:` of the server is how long it waits after a cut', async () => {
  const { clock, script, read } = setUp()
  read()
  await clock.settle()
  script.last.open(`retry: 20000\n\n${ready('e-0')}${live('e-0')}`)
  await clock.settle()
  script.last.end()
  await clock.advance(19_900)
  expect(script.requests).toHaveLength(1)
  await clock.advance(400)
  expect(script.requests).toHaveLength(2)
})

test('a response that is silent for two heartbeats is let go at once, and asked for again', async () => {
  const { clock, script, feed, seen, read } = setUp()
  read()
  await clock.settle()
  const [first] = script.requests
  first!.open(ready('e-0') + live('e-0'))
  await clock.settle()
  for (let i = 0; i < 6; i++) {
    await clock.advance(5_000)
    first!.send(':\n\n')
    await clock.settle()
  }
  expect(first!.isGone).toBe(false)
  await clock.advance(9_999)
  expect(first!.isGone).toBe(false)
  await clock.advance(1)
  expect(first!.isGone).toBe(true)
  expect(feed.status.getSnapshot()).toEqual({ status: 'joining' })
  await clock.advance(2_000)
  script.last.open(ready('e-0') + event('note', { n: 1 }, 'e-1') + live('e-1'))
  await clock.settle()
  expect(seen).toEqual([{ n: 1 }])
})

test('a server that takes the request and says nothing is let go of after 10 s', async () => {
  const { clock, script, read } = setUp()
  read()
  await clock.advance(10_000)
  expect(script.requests[0]!.isGone).toBe(true)
  await clock.advance(2_000)
  expect(script.requests).toHaveLength(2)
})

test('a machine that slept comes back at once, and does not trust the response it had', async () => {
  const { clock, script, read } = setUp()
  read()
  await clock.settle()
  script.last.open(ready('e-0') + live('e-0'))
  await clock.advance(4_000)
  script.last.send(':\n\n')
  await clock.settle()
  clock.jump(90_000)
  await clock.advance(250)
  expect(script.requests[0]!.isGone).toBe(true)
  expect(script.requests).toHaveLength(2)
})

test('a hidden page, whose timers come late, keeps the response that it hears', async () => {
  const { clock, script, seen, read } = setUp()
  read()
  await clock.settle()
  script.last.open(ready('e-0') + live('e-0'))
  await clock.settle()
  for (let n = 1; n <= 12; n++) {
    clock.jump(5_000) // no timer fires; what the network brings is not held back
    script.last.send(event('note', { n }, `e-${n}`))
    await clock.settle()
  }
  await clock.advance(10_000 - 1)
  expect(script.requests).toHaveLength(1)
  expect(seen).toHaveLength(12)
  await clock.advance(1)
  expect(script.last.isGone).toBe(true) // now it is silent
  await clock.advance(1_500)
  await clock.advance(250)
  expect(script.requests).toHaveLength(2)
})

test('a clock that is set back keeps nothing from being noticed', async () => {
  const { clock, script, read } = setUp()
  read()
  await clock.settle()
  script.last.open(ready('e-0') + live('e-0'))
  await clock.settle()
  clock.adjust(-3_600_000)
  await clock.advance(25_000)
  expect(script.requests.length).toBeGreaterThan(1)
})

afterEach(() => vi.unstubAllGlobals())

test.each(['online', 'pageshow', 'visibilitychange', 'resume'])(
  'a page that is back (%s) makes it try at once, and asks nothing of it while it is open',
  async (sign) => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
    const isOfPage = sign === 'visibilitychange' || sign === 'resume'
    const view = new EventTarget()
    vi.stubGlobal('document', page)
    vi.stubGlobal('addEventListener', view.addEventListener.bind(view))
    vi.stubGlobal('removeEventListener', view.removeEventListener.bind(view))
    const { clock, script, read } = setUp()
    const stop = read()
    for (let i = 0; i < 8; i++) {
      await clock.settle()
      script.last.fail()
      await clock.runUntil(() => script.requests.length === i + 2)
    }
    script.last.fail()
    await clock.advance(251)
    expect(script.requests).toHaveLength(9)
    const back = () => (isOfPage ? page : view).dispatchEvent(new Event(sign))
    back()
    await clock.advance(250)
    expect(script.requests).toHaveLength(10)
    script.last.open(ready('e-0') + live('e-0'))
    await clock.settle()
    back()
    await clock.advance(1_000)
    expect(script.requests).toHaveLength(10)
    expect(script.last.isGone).toBe(false)
    stop()
  },
)

// --- the end ------------------------------------------------------------------------------------------------

test.each([
  [403, { error: { code: 'FORBIDDEN', message: 'not yours' } }, 'FORBIDDEN'],
  [422, { error: { code: 'VALIDATION', message: 'params' } }, 'VALIDATION'],
  [401, 'no json', 'UNAUTHENTICATED'],
  [404, { error: 'else' }, 'NOT_FOUND'],
  [418, '', 'BAD_REQUEST'],
])('an answer of %i ends it, with the code of its error', async (status, body, expected) => {
  const { clock, script, reports, feed } = setUp()
  feed.on('note', () => {})
  const failed = feed.ready().catch(code)
  await clock.settle()
  script.last.answer(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }))
  await clock.advance(120_000)
  expect(script.requests).toHaveLength(1)
  expect(feed.status.getSnapshot()).toEqual({ status: 'refused', code: expected })
  expect(await failed).toBe(expected)
  expect(reports).toMatchObject([{ kind: 'refused', path: 'feed' }])
  expect(clock.pending()).toBe(0)
})

test('an answer of 204 ends it, as it ends an EventSource', async () => {
  const { clock, script, feed, read } = setUp()
  read()
  await clock.settle()
  script.last.answer(new Response(null, { status: 204 }))
  await clock.advance(120_000)
  expect(script.requests).toHaveLength(1)
  expect(feed.status.getSnapshot()).toEqual({ status: 'refused', code: 'CLOSED' })
})

test('`parley.end` ends it: loops throw its code, and a new reader asks again', async () => {
  const { clock, script, feed, seen, read } = setUp()
  const loop = (async () => {
    const items: unknown[] = []
    try {
      for await (const { data } of feed.events()) items.push(data)
    } catch (error) {
      items.push(code(error))
    }
    return items
  })()
  await clock.settle()
  script.last.open(ready('e-0') + live('e-0') + event('note', { n: 1 }, 'e-1') + end('FORBIDDEN'))
  await clock.advance(120_000)
  expect(await loop).toEqual([{ n: 1 }, 'FORBIDDEN'])
  expect(script.requests).toHaveLength(1)
  read('e-1')
  await clock.settle()
  expect(script.requests).toHaveLength(2)
  expect(script.last.url.searchParams.get('from')).toBe('e-1')
  script.last.open(ready('e-1') + event('note', { n: 2 }, 'e-2') + live('e-2'))
  await clock.settle()
  expect(seen).toEqual([{ n: 2 }])
})

test.each([
  ['a block of ours that cannot be read', `${ready('e-0')}event: parley.gap\ndata: {}\n\n`],
  ['a stream that is none of ours', event('note', { n: 1 }, '17')],
])('%s ends it as a broken protocol, and not as a loop', async (_, text) => {
  const { clock, script, feed, read } = setUp()
  read()
  await clock.settle()
  script.last.open(text)
  await clock.advance(120_000)
  expect(script.requests).toHaveLength(1)
  expect(script.last.isGone).toBe(true)
  expect(feed.status.getSnapshot()).toEqual({ status: 'refused', code: 'PROTOCOL' })
})

test('`close` lets go of everything, and new readers are refused', async () => {
  const { clock, script, feed, seen, read } = setUp()
  read()
  await clock.settle()
  script.last.open(ready('e-0') + live('e-0'))
  await clock.settle()
  const items = feed.events()
  const next = items.next().catch(code)
  feed.close()
  script.last.send(event('note', { n: 1 }, 'e-1'))
  await clock.settle()
  expect(script.last.isGone).toBe(true)
  expect(await next).toBe('CLOSED')
  expect(seen).toEqual([])
  expect(() => feed.on('note', () => {})).toThrow(/closed/)
  expect(await feed.ready().catch(code)).toBe('CLOSED')
  await clock.advance(60_000)
  expect(script.requests).toHaveLength(1)
  expect(clock.pending()).toBe(0)
})

test('`close` while it waits to try again asks for nothing more, and leaves nothing behind', async () => {
  const { clock, script, feed, read } = setUp()
  read()
  await clock.settle()
  script.last.fail()
  await clock.settle()
  feed.close()
  await clock.settle()
  expect(script.requests).toHaveLength(1)
  expect(clock.pending()).toBe(0)
  expect(feed.status.getSnapshot()).toEqual({ status: 'refused', code: 'CLOSED' })
})

test('a loop that begins only after `close` throws, and asks for nothing', async () => {
  const { clock, script, feed } = setUp()
  const loop = feed.events()
  feed.close()
  expect(await loop.next().catch(code)).toBe('CLOSED')
  await clock.settle()
  expect(script.requests).toHaveLength(0)
})

test('whoever leaves before or after `close` leaves no timer behind', async () => {
  const { clock, feed, read } = setUp()
  const stop = read()
  read()()
  await clock.settle()
  feed.close()
  stop()
  expect(clock.pending()).toBe(0)
  expect(feed.status.getSnapshot()).toEqual({ status: 'idle' })
  const other = setUp()
  other.read()()
  await other.clock.settle()
  other.feed.close()
  expect(other.clock.pending()).toBe(0)
})

test('the response is kept for a second after the last reader, so that a remount is no new request', async () => {
  const { clock, script, feed, seen, read } = setUp()
  const stop = read()
  await clock.settle()
  script.last.open(ready('e-0') + live('e-0'))
  await clock.settle()
  stop()
  await clock.advance(900)
  const again = read()
  script.last.send(event('note', { n: 1 }, 'e-1'))
  await clock.settle()
  expect(seen).toEqual([{ n: 1 }])
  expect(script.requests).toHaveLength(1)
  again()
  await clock.advance(1_000)
  expect(script.last.isGone).toBe(true)
  expect(feed.status.getSnapshot()).toEqual({ status: 'idle' })
  expect(clock.pending()).toBe(0)
  read()
  await clock.settle()
  expect(script.requests).toHaveLength(2)
  expect(script.last.headers.has('last-event-id')).toBe(false)
})

test('whoever leaves while it waits leaves nothing behind', async () => {
  const { clock, script, feed, read } = setUp({ lingerMs: 0 })
  const stop = read()
  await clock.settle()
  script.last.fail()
  await clock.settle()
  stop()
  await clock.advance(0)
  expect(clock.pending()).toBe(0)
  expect(feed.status.getSnapshot()).toEqual({ status: 'idle' })
  read()
  await clock.settle()
  expect(script.requests).toHaveLength(2)
})

// --- readers that start further back -------------------------------------------------------------------------

async function liveAt100() {
  const set = setUp()
  set.read()
  await set.clock.settle()
  set.script.last.open(ready('e-100') + live('e-100'))
  await set.clock.settle()
  const late: unknown[] = []
  return { ...set, late }
}

test('a reader that starts further back is brought up to date by a finite request, and then follows', async () => {
  const { clock, script, feed, seen, late } = await liveAt100()
  feed.on('note', ({ n }, { replayed }) => late.push([n, replayed]), { from: { last: 2 } })
  await clock.settle()
  const [stream, read] = script.requests
  expect(read!.url.search).toBe('?from=last%3A2&until=e-100')
  read!.open(ready('e-98') + event('note', { n: 99 }, 'e-99'))
  stream!.send(event('note', { n: 101 }, 'e-101'))
  await clock.settle()
  expect(seen).toEqual([{ n: 101 }])
  expect(late).toEqual([[99, true]])
  read!.send(event('note', { n: 100 }, 'e-100') + live('e-100'))
  read!.end()
  await clock.settle()
  expect(late).toEqual([
    [99, true],
    [100, true],
    [101, false],
  ])
  expect(seen).toEqual([{ n: 101 }])
  stream!.send(event('note', { n: 102 }, 'e-102'))
  await clock.settle()
  expect(late.at(-1)).toEqual([102, false])
})

test('a finite response that just ends was cut, however tidily: it is asked for again from where it was', async () => {
  const { clock, script, feed, late } = await liveAt100()
  feed.on('note', ({ n }) => late.push(n), { from: 'e-90' })
  await clock.settle()
  script.last.open(ready('e-90') + event('note', { n: 95 }, 'e-95'))
  script.last.end()
  await clock.advance(1_000)
  expect(script.last.url.search).toBe('?from=e-95&until=e-100')
  script.last.open(ready('e-95') + event('note', { n: 99 }, 'e-99') + live('e-100'))
  script.last.end()
  await clock.settle()
  expect(late).toEqual([95, 99])
})

test('a finite response that a later epoch answered leaves its reader where it is, until the stream is there too', async () => {
  const { clock, script, feed, seen, late } = await liveAt100()
  feed.on('note', ({ n }) => late.push(n), { from: 'f-99' })
  await clock.settle()
  const [stream, read] = script.requests
  expect(read!.url.search).toBe('?from=f-99&until=e-100')
  read!.open(ready('f-99') + live('e-100', 'f'))
  read!.end()
  await clock.settle()
  stream!.send(event('note', { n: 101 }, 'e-101') + gap('e-101', 'f-98', 'reset'))
  stream!.send(event('note', { n: 99 }, 'f-99') + event('note', { n: 100 }, 'f-100'))
  await clock.settle()
  expect(seen).toEqual([{ n: 101 }, 'reset', { n: 99 }, { n: 100 }])
  expect(late).toEqual([100])
})

test('a gap in a finite response is in its place, for that reader alone', async () => {
  const { clock, script, feed, seen } = await liveAt100()
  const late: unknown[] = []
  feed.read((item) => late.push(item.gap ?? item.data), { from: 'e-3' })
  await clock.settle()
  script.last.open(ready('e-80') + gap('e-3', 'e-80') + event('note', { n: 81 }, 'e-81') + live('e-100'))
  script.last.end()
  await clock.settle()
  expect(late).toEqual([{ after: 'e-3', first: 'e-80', reason: 'trimmed' }, { n: 81 }])
  expect(seen).toEqual([])
})

test('a finite request that is silent, or whose reader has left, is let go of', async () => {
  const { clock, script, feed } = await liveAt100()
  const stop = feed.on('note', () => {}, { from: 'first' })
  await clock.settle()
  const { requests } = script
  const keepAlive = async (ms: number) => {
    for (let i = 0; i < ms; i += 1_000) {
      await clock.advance(1_000)
      requests[0]!.send(':\n\n')
    }
  }
  await keepAlive(10_000)
  expect(requests[1]!.isGone).toBe(true)
  await keepAlive(1_000)
  expect(requests).toHaveLength(3)
  expect(requests[2]!.isGone).toBe(false)
  stop()
  expect(requests[2]!.isGone).toBe(true)
  expect(requests[0]!.isGone).toBe(false)
})

test('a cut takes finite requests with it, and they begin again where their readers are', async () => {
  const { clock, script, feed, late } = await liveAt100()
  feed.on('note', ({ n }) => late.push(n), { from: 'e-90' })
  await clock.settle()
  const [stream, read] = script.requests
  read!.open(ready('e-90') + event('note', { n: 95 }, 'e-95'))
  await clock.settle()
  stream!.fail()
  await clock.settle()
  expect(read!.isGone).toBe(true)
  await clock.advance(2_000)
  script.last.open(ready('e-100') + live('e-100'))
  await clock.settle()
  expect(script.last.url.search).toBe('?from=e-95&until=e-100')
  script.last.open(ready('e-95') + event('note', { n: 99 }, 'e-99') + live('e-100'))
  script.last.end()
  await clock.settle()
  expect(late).toEqual([95, 99])
})
