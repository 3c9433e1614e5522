import type { Link, LinkEnd } from '@parley/shared'
import { type BreakableLinkOptions, breakableLink, virtualClock } from '@parley/shared/testing'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

interface Heard {
  readonly log: string[]
  end: LinkEnd
}

/** What one side is told, in words. */
function listener(log: string[]) {
  return {
    opened: () => void log.push('opened'),
    received: (data: string | Uint8Array) => void log.push(String(data)),
    closed: (code: number, reason: string) => void log.push(`closed ${code} ${reason}`.trim()),
  }
}

/** A server that writes down what it hears, joined to clients over a breakable link. */
function world(options?: BreakableLinkOptions, seed = 1) {
  const clock = virtualClock({ seed, start: 0 })
  const servers: Heard[] = []
  const link = breakableLink(
    (end) => {
      const log: string[] = []
      servers.push({ log, end })
      return listener(log)
    },
    clock,
    options,
  )
  const connect = (): Heard => {
    const log: string[] = []
    return { log, end: link.connect(listener(log)) }
  }
  return { clock, link, servers, connect }
}

describe('a link that is whole', () => {
  test('opens both sides, and carries frames both ways in order', async () => {
    const { clock, servers, connect, link } = world()
    const client = connect()
    client.end.send('a')
    client.end.send('b')
    expect(client.log).toEqual([])
    await clock.advance(0)
    const server = servers[0]!
    server.end.send('x')
    await clock.advance(0)
    expect(client.log).toEqual(['opened', 'x'])
    expect(server.log).toEqual(['opened', 'a', 'b'])
    expect(link.counts()).toEqual({ attempts: 1, opened: 1, open: 1, delivered: 3, lost: 0 })
  })

  test('delays frames by chance and never lets one overtake another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(fc.nat(20), { maxLength: 40 }), async (seed, pauses) => {
        const { clock, servers, connect } = world({ delayMs: 50 }, seed)
        const client = connect()
        await clock.advance(200)
        const server = servers[0]!
        for (const [i, pause] of pauses.entries()) {
          client.end.send(`up ${i}`)
          server.end.send(`down ${i}`)
          await clock.advance(pause)
        }
        await clock.advance(50)
        expect(server.log.slice(1)).toEqual(pauses.map((_, i) => `up ${i}`))
        expect(client.log.slice(1)).toEqual(pauses.map((_, i) => `down ${i}`))
      }),
      { numRuns: 50 },
    )
  })

  test('a frame with a delay arrives within it, and not always at once', async () => {
    const { clock, servers, connect } = world({ delayMs: 10 })
    const client = connect()
    await clock.advance(20)
    const waits = new Set<number>()
    for (let i = 1; i <= 50; i++) {
      const sentAt = clock.now()
      client.end.send(`${i}`)
      await clock.runUntil(() => servers[0]!.log.length === i + 1, 10)
      waits.add(clock.now() - sentAt)
    }
    expect(waits.size).toBeGreaterThan(5)
  })

  test('a close arrives after the frames sent before it, and nothing follows on either side', async () => {
    const { clock, servers, connect, link } = world({ delayMs: 20 })
    const client = connect()
    await clock.advance(40)
    client.end.send('last words')
    client.end.close(4000, 'bye')
    client.end.send('too late')
    servers[0]!.end.send('not heard')
    await clock.advance(20)
    servers[0]!.end.send('not heard either')
    servers[0]!.end.close(1000, '')
    await clock.advance(20)
    expect(servers[0]!.log).toEqual(['opened', 'last words', 'closed 4000 bye'])
    expect(client.log).toEqual(['opened'])
    expect(link.counts().open).toBe(0)
    expect(clock.pending()).toBe(0)
  })

  test('a client that closes before it opened hears nothing more', async () => {
    const { clock, servers, connect, link } = world({ delayMs: 20 })
    const client = connect()
    client.end.close(1000, 'changed my mind')
    await clock.advance(100)
    expect(client.log).toEqual([])
    expect(servers[0]!.log).toEqual(['opened', 'closed 1000 changed my mind'])
    expect(link.counts()).toMatchObject({ opened: 0, open: 0 })
  })

  test('the server can close as well', async () => {
    const { clock, servers, connect } = world()
    const client = connect()
    await clock.advance(0)
    servers[0]!.end.send('last words')
    servers[0]!.end.close(4410, 'out')
    await clock.advance(0)
    expect(client.log).toEqual(['opened', 'last words', 'closed 4410 out'])
    expect(servers[0]!.log).toEqual(['opened'])
  })

  test('bytes are those at the time of sending', async () => {
    const { clock, servers, connect } = world()
    const client = connect()
    const bytes = Uint8Array.of(1, 2, 3)
    client.end.send(bytes)
    bytes.fill(9)
    await clock.advance(0)
    expect(servers[0]!.log).toEqual(['opened', '1,2,3'])
  })
})

describe('a link that breaks', () => {
  test('a cut tells both sides 1006, and loses what was under way', async () => {
    const { clock, servers, connect, link } = world({ delayMs: 30 })
    const client = connect()
    await clock.advance(60)
    client.end.send('lost on the way up')
    servers[0]!.end.send('lost on the way down')
    link.cut()
    expect(client.log).toEqual(['opened'])
    client.end.send('lost after the cut')
    await clock.advance(30)
    client.end.send('nobody is there')
    expect(client.log).toEqual(['opened', 'closed 1006'])
    expect(servers[0]!.log).toEqual(['opened', 'closed 1006'])
    expect(link.counts()).toMatchObject({ open: 0, delivered: 0, lost: 3 })
    expect(clock.pending()).toBe(0)
  })

  test('a cut before the connection opened is a connection that never opened', async () => {
    const { clock, servers, connect, link } = world({ delayMs: 30 })
    const client = connect()
    link.cut()
    await clock.advance(100)
    expect(client.log).toEqual(['closed 1006'])
    expect(servers).toEqual([])
  })

  test('after a cut a new connection works', async () => {
    const { clock, servers, connect, link } = world()
    connect()
    await clock.advance(0)
    link.cut()
    await clock.advance(0)
    const second = connect()
    await clock.advance(0)
    expect(second.log).toEqual(['opened'])
    expect(servers).toHaveLength(2)
    expect(link.counts()).toMatchObject({ attempts: 2, opened: 2, open: 1 })
  })

  test('a half-open link swallows everything both ways and tells nobody, a close included', async () => {
    const { clock, servers, connect, link } = world()
    const client = connect()
    await clock.advance(0)
    link.halfOpen()
    client.end.send('into the void')
    servers[0]!.end.send('into the void')
    await clock.advance(60_000)
    client.end.close(4001, '')
    await clock.advance(60_000)
    expect(client.log).toEqual(['opened'])
    expect(servers[0]!.log).toEqual(['opened'])
    const second = connect()
    await clock.advance(0)
    expect(second.log).toEqual(['opened'])
    link.cut()
    await clock.advance(0)
    expect(servers[0]!.log).toEqual(['opened', 'closed 1006'])
    expect(client.log).toEqual(['opened'])
  })

  test('while it is stalled frames wait and both sides see bytes queued; resumed, all arrive in order', async () => {
    const { clock, servers, connect, link } = world({ delayMs: 5 })
    const client = connect()
    await clock.advance(10)
    const server = servers[0]!
    link.stall()
    client.end.send('one')
    client.end.send('zwölf')
    server.end.send(new Uint8Array(1_000))
    await clock.advance(1_000)
    expect(client.end.buffered()).toBe(9)
    expect(server.end.buffered()).toBe(1_000)
    expect(server.log).toEqual(['opened'])
    link.resume()
    client.end.send('three')
    await clock.advance(5)
    expect(server.log).toEqual(['opened', 'one', 'zwölf', 'three'])
    expect(client.log).toHaveLength(2)
    expect(client.end.buffered()).toBe(0)
    expect(server.end.buffered()).toBe(0)
  })

  test('a stalled link can be cut', async () => {
    const { clock, servers, connect, link } = world()
    const client = connect()
    await clock.advance(0)
    link.stall()
    client.end.send('waits')
    await clock.advance(0)
    link.cut()
    await clock.advance(0)
    link.resume()
    await clock.advance(0)
    expect(client.log).toEqual(['opened', 'closed 1006'])
    expect(servers[0]!.log).toEqual(['opened', 'closed 1006'])
  })

  test('while it refuses, new connections fail and open ones live on', async () => {
    const { clock, servers, connect, link } = world()
    const first = connect()
    await clock.advance(0)
    link.refuse(true)
    const second = connect()
    await clock.advance(0)
    expect(second.log).toEqual(['closed 1006'])
    first.end.send('still here')
    await clock.advance(0)
    expect(servers[0]!.log).toEqual(['opened', 'still here'])
    link.refuse(false)
    const third = connect()
    await clock.advance(0)
    expect(third.log).toEqual(['opened'])
    expect(link.counts()).toMatchObject({ attempts: 3, opened: 2, open: 2 })
  })
})

describe('a link that is wrapped', () => {
  /** A link in memory whose server repeats what it hears, and opens when it is told to. */
  function echo(): { link: Link; server: string[]; open(): void; close(code: number): void } {
    const server: string[] = []
    let open = () => {}
    let close = (_code: number) => {}
    return {
      server,
      open: () => open(),
      close: (code) => close(code),
      link: {
        connect(events) {
          open = () => events.opened()
          close = (code) => events.closed(code, '')
          return {
            send: (data) => {
              server.push(String(data))
              events.received(data)
            },
            close: (code) => void server.push(`closed ${code}`),
            buffered: () => 7,
          }
        },
      },
    }
  }

  test('opens when the inner one does, carries its frames, and adds its queued bytes to its own', async () => {
    const clock = virtualClock()
    const inner = echo()
    const link = breakableLink(inner.link, clock)
    const log: string[] = []
    const end = link.connect(listener(log))
    await clock.advance(0)
    expect(log).toEqual([])
    inner.open()
    end.send('hello')
    expect(end.buffered()).toBe(12)
    await clock.advance(0)
    expect(log).toEqual(['opened', 'hello'])
    expect(inner.server).toEqual(['hello'])
  })

  test('passes on how the inner one ends, and ends it when it is cut', async () => {
    const clock = virtualClock()
    const ended = echo()
    const log: string[] = []
    breakableLink(ended.link, clock).connect(listener(log))
    await clock.advance(0)
    ended.close(4401)
    await clock.advance(0)
    expect(log).toEqual(['closed 4401'])

    const cut = echo()
    const link = breakableLink(cut.link, clock)
    link.connect(listener([]))
    await clock.advance(0)
    cut.open()
    link.cut()
    await clock.advance(0)
    expect(cut.server).toEqual(['closed 1006'])
  })
})
