/** A WebSocket or the fallback, whichever opens: over sockets and requests in the hands of the test. */
import type { Link, LinkEvents } from '@parley/shared'
import { clientDefaults, closeCodes, encodeDown } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { autoLink } from '../../src/transports/auto.js'
import { FallbackLink } from '../../src/transports/fallback.js'
import { ScriptedFetch } from './scripted-fetch.js'

const named = encodeDown({ type: 'link', link: 'the-secret', bodyBytes: 1_000 })

interface FakeSocket {
  readonly events: LinkEvents
  readonly sent: unknown[]
  closed: number | undefined
}

function setUp() {
  const clock = virtualClock()
  const script = new ScriptedFetch()
  const sockets: FakeSocket[] = []
  const webSocket: Link = {
    connect(events) {
      const socket: FakeSocket = { events, sent: [], closed: undefined }
      sockets.push(socket)
      return {
        send: (data) => void socket.sent.push(data),
        close: (code) => {
          socket.closed = code
        },
        buffered: () => 7,
      }
    },
  }
  const options = {
    url: 'https://host/x',
    fetch: script.fetch,
    clock,
    headers: undefined,
    credentials: undefined,
  }
  const link = autoLink(webSocket, new FallbackLink(options), clock)
  const connect = async () => {
    const happened: unknown[] = []
    const end = link.connect({
      opened: () => happened.push('opened'),
      received: (data) => happened.push(data),
      closed: (code, reason) => happened.push([code, reason]),
      better: () => happened.push('better'),
    })
    await clock.settle()
    return { end, happened }
  }
  const streams = () => script.requests.filter(({ url, init }) => url.pathname === '/x/link' && !init.method)
  const refuse = async (): Promise<void> => {
    sockets.at(-1)!.events.closed(1006, 'stripped')
    await clock.settle()
  }
  /** An attempt that ends on the fallback. */
  const onFallback = async () => {
    const before = sockets.length
    const all = await connect()
    if (sockets.length > before) await refuse()
    streams().at(-1)!.open(named)
    await clock.settle()
    expect(all.happened.splice(0)).toEqual(['opened'])
    return { ...all, stream: streams().at(-1)! }
  }
  return { clock, script, sockets, streams, connect, refuse, onFallback }
}

afterEach(() => vi.unstubAllGlobals())

test('a WebSocket that opens is used, and nothing else is asked for', async () => {
  const { connect, sockets, script, clock } = setUp()
  const { end, happened } = await connect()
  sockets[0]!.events.opened()
  sockets[0]!.events.received('["ping"]')
  end.send('["pong"]')
  await clock.advance(60_000)
  expect(happened).toEqual(['opened', '["ping"]'])
  expect(sockets[0]!.sent).toEqual(['["pong"]'])
  expect(end.buffered()).toBe(7)
  expect(script.requests).toEqual([])
  end.close(4001, '')
  expect(sockets[0]!.closed).toBe(4001)
  expect(clock.pending()).toBe(0)
})

test('where it does not open the fallback is tried in the same attempt, and then first of all', async () => {
  const { connect, sockets, streams, onFallback, clock } = setUp()
  const { stream, happened, end } = await onFallback()
  end.send('["a"]')
  await clock.settle()
  stream.end()
  await clock.settle()
  expect(happened).toEqual([[1006, '']])
  await connect()
  expect([sockets.length, streams().length]).toEqual([1, 2])
})

test('one that neither opens nor fails has the fallback tried beside it, and whichever opens first is used', async () => {
  const slow = setUp()
  const first = await slow.connect()
  await slow.clock.advance(clientDefaults.webSocketMs - 1)
  expect(slow.streams()).toHaveLength(0)
  await slow.clock.advance(1)
  slow.streams()[0]!.open(named)
  await slow.clock.settle()
  expect(first.happened).toEqual(['opened'])
  expect(slow.sockets[0]!.closed).toBe(1000)

  const late = setUp()
  const second = await late.connect()
  await late.clock.advance(clientDefaults.webSocketMs)
  late.sockets[0]!.events.opened()
  await late.clock.settle()
  expect(second.happened).toEqual(['opened'])
  expect(late.streams()[0]!.isGone).toBe(true)
})

test('while the fallback serves a WebSocket is tried at a slow and growing pace', async () => {
  const { onFallback, sockets, clock } = setUp()
  const { stream } = await onFallback()
  const times: number[] = []
  const start = clock.now()
  for (let s = 0; s < 7_200; s++) {
    await clock.advance(1_000)
    stream.send(':\n\n')
    const probe = sockets[times.length + 1]
    if (!probe) continue
    times.push((clock.now() - start) / 1_000)
    probe.events.closed(1006, '')
  }
  const pauses = times.map((time, i) => time - (times[i - 1] ?? 0))
  expect(pauses[0]).toBeGreaterThanOrEqual(15)
  expect(pauses[0]).toBeLessThanOrEqual(47)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(902)
  expect(pauses.slice(6).every((pause) => pause >= 300)).toBe(true)
  expect(times.length).toBeLessThan(25)
})

test('one that opens is let go, and told as the better way; the next attempt is a WebSocket', async () => {
  const { onFallback, sockets, clock, connect, streams } = setUp()
  const { happened, end } = await onFallback()
  await clock.runUntil(() => sockets.length === 2)
  sockets[1]!.events.opened()
  expect(happened).toEqual(['better'])
  expect(sockets[1]!.closed).toBe(1000)
  const next = await connect()
  sockets[2]!.events.opened()
  expect(next.happened).toEqual(['opened'])
  end.close(1000, '')
  await clock.advance(100_000)
  expect(sockets).toHaveLength(3)
  expect(streams()).toHaveLength(1)
})

test('where nobody comes of the better way, it is told again', async () => {
  const { onFallback, sockets, clock } = setUp()
  const { happened } = await onFallback()
  for (const at of [1, 2]) {
    await clock.runUntil(() => sockets.length === at + 1, 200_000)
    sockets[at]!.events.opened()
  }
  expect(happened).toEqual(['better', 'better'])
})

test('a probe that hangs is given up, and another one follows', async () => {
  const { onFallback, sockets, clock } = setUp()
  await onFallback()
  await clock.runUntil(() => sockets.length === 2)
  await clock.advance(clientDefaults.connectMs)
  expect(sockets[1]!.closed).toBe(1000)
  await clock.runUntil(() => sockets.length === 3, 200_000)
})

test('a network that comes back has a WebSocket tried at once', async () => {
  const target = new EventTarget()
  vi.stubGlobal('document', target)
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target))
  vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target))
  const { onFallback, sockets, clock } = setUp()
  const { end } = await onFallback()
  target.dispatchEvent(new Event('online'))
  expect(sockets).toHaveLength(2)
  end.close(1000, '')
  await clock.advance(10_000)
  expect(sockets[1]!.closed).toBe(1000)
  target.dispatchEvent(new Event('online'))
  expect(sockets).toHaveLength(2)
})

test('a WebSocket that opened and then broke is a WebSocket again, and its close codes are no reason to fall back', async () => {
  const { connect, sockets, streams, clock } = setUp()
  for (const [at, code] of [4401, 1006, 4002].entries()) {
    const { happened } = await connect()
    sockets[at]!.events.opened()
    sockets[at]!.events.closed(code, '')
    expect(happened).toEqual(['opened', [code, '']])
    await clock.settle()
  }
  expect(streams()).toEqual([])
})

test('a WebSocket that opens and brings no answer to hello gives way to the fallback', async () => {
  const { connect, sockets, onFallback, streams, clock } = setUp()
  const mute = await connect()
  sockets[0]!.events.opened()
  mute.end.close(closeCodes.HELLO_TIMEOUT.code, '')
  const { happened } = await onFallback()
  expect(sockets).toHaveLength(1)
  // one that opens is tried, brings nothing, and the fallback stays
  await clock.runUntil(() => sockets.length === 2)
  sockets[1]!.events.opened()
  expect(happened).toEqual(['better'])
  const next = await connect()
  sockets[2]!.events.opened()
  next.end.close(closeCodes.HELLO_TIMEOUT.code, '')
  await connect()
  expect([sockets.length, streams().length]).toEqual([3, 2])
})

test('a WebSocket that brought something is a WebSocket again, however it ends', async () => {
  const { connect, sockets, streams } = setUp()
  const { end } = await connect()
  sockets[0]!.events.opened()
  sockets[0]!.events.received('["ping"]')
  end.close(closeCodes.HELLO_TIMEOUT.code, '')
  await connect()
  expect([sockets.length, streams().length]).toEqual([2, 0])
})

test('after one that served, two that do not open are taken for a server that is down, and the third for a blocked network', async () => {
  const { connect, sockets, streams, refuse } = setUp()
  await connect()
  sockets[0]!.events.opened()
  sockets[0]!.events.received('["ping"]')
  sockets[0]!.events.closed(1006, '')
  for (let i = 0; i < 2; i++) {
    const { happened } = await connect()
    await refuse()
    expect(happened).toEqual([[1006, 'stripped']])
  }
  await connect()
  await refuse()
  expect(streams()).toHaveLength(1)
})

test('where neither opens the attempt is over once, and a WebSocket comes first again', async () => {
  const { connect, sockets, streams, refuse, clock } = setUp()
  const { happened } = await connect()
  await refuse()
  streams()[0]!.fail()
  await clock.settle()
  expect(happened).toEqual([[1006, 'stripped']])
  await connect()
  expect([sockets.length, streams().length]).toEqual([2, 1])
})

test('one attempt asks for one stream, whichever of the two ends first', async () => {
  const { connect, refuse, streams, clock } = setUp()
  const { happened } = await connect()
  await clock.advance(clientDefaults.webSocketMs)
  streams()[0]!.fail()
  await clock.settle()
  expect(happened).toEqual([])
  await refuse()
  expect(happened).toEqual([[1006, 'stripped']])
  expect(streams()).toHaveLength(1)
})

test('a fallback that worked and does not open any more gives way to the WebSocket', async () => {
  const { connect, onFallback, sockets, streams, clock } = setUp()
  const { stream } = await onFallback()
  stream.end()
  await clock.settle()
  const next = await connect()
  streams()[1]!.fail()
  await clock.settle()
  expect(next.happened).toEqual([[1006, expect.any(String)]])
  await connect()
  expect(sockets).toHaveLength(2)
})

test('of two that did not open, the one that knows why is told', async () => {
  const { connect, refuse, streams, clock } = setUp()
  const one = await connect()
  await refuse()
  streams()[0]!.open()
  await clock.advance(5_001)
  expect(one.happened).toEqual([[1006, expect.stringMatching(/BUFFERING_PROXY/)]])
  for (const code of [1006, closeCodes.BUFFERING_PROXY.code]) {
    const { happened } = await connect()
    await refuse()
    streams().at(-1)!.open()
    await clock.advance(5_001)
    expect(happened).toEqual([[code, expect.stringMatching(/BUFFERING_PROXY/)]])
  }
})

test('an attempt that is given up lets both go', async () => {
  const { connect, sockets, streams, clock } = setUp()
  const { end, happened } = await connect()
  await clock.advance(clientDefaults.webSocketMs)
  end.close(4003, '')
  await clock.advance(30_000)
  expect([sockets[0]!.closed, streams()[0]!.isGone]).toEqual([4003, true])
  expect(happened).toEqual([])
  expect(clock.pending()).toBe(0)
})
