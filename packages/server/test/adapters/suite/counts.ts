import { type Log, memoryLog } from '@parley/server'
import { type Clock, systemClock } from '@parley/shared/internal'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type RawWebSocket, rawWebSocket } from '../../../../../tests/support/raw-websocket.js'
import { createGate } from '../../shell/gate.js'
import { type RawGet, rawGet } from '../../shell/raw-http.js'
import type { StartEdge } from './harness.js'

const atOnce = 20

/** The system's clock, which also counts the timers that are armed. */
function countingClock(): { readonly clock: Clock; armed(): number } {
  let armed = 0
  return {
    armed: () => armed,
    clock: {
      ...systemClock,
      after(delayMs, run) {
        armed++
        let over = false
        const end = (): void => {
          if (!over) armed--
          over = true
        }
        const cancel = systemClock.after(delayMs, () => {
          end()
          run()
        })
        return () => {
          end()
          cancel()
        }
      },
    },
  }
}

export function countTests(startEdge: StartEdge, times: number): void {
  /** A server whose `context`, `join` and log can be held up, with two readers that live through everything. */
  async function startHeld() {
    const [context, join, reads] = [createGate(), createGate(), createGate()]
    const memory = memoryLog()
    const log: Log = {
      append: (entry) => memory.append(entry),
      publish: (item) => memory.publish(item),
      read: (...args) => reads.pass().then(() => memory.read(...args)),
      tail: (listener) => memory.tail(listener),
      close: () => memory.close(),
    }
    const { clock, armed } = countingClock()
    let aborted = 0
    const edge = await startEdge({
      log,
      clock,
      limits: { sessionMs: 20, handshakesPerSecond: 100_000 }, // those that were cut do not come back
      onJoin: join.pass,
      onContext: (request) => {
        request?.signal.addEventListener('abort', () => aborted++, { once: true })
        return context.pass()
      },
    })
    const room = edge.hub.channel.room({ id: 'a' })
    for (let n = 0; n < 100; n++) await room.emit('message', { text: `old ${n}` })
    const sse = rawGet(`${edge.url}/events/room?id=a`)
    const websocket = await greeted(edge.url)
    websocket.send(JSON.stringify(['sub', 1, 'room', { id: 'a' }, null]))
    await Promise.all([sse.until(/parley\.live/), websocket.until((frame) => frame.startsWith('["live"'))])
    onTestFinished(() => {
      sse.cut()
      websocket.cut()
    })
    const counts = () => ({ ...edge.router.inspect(), armed: armed() })
    const before = counts()
    expect(before).toMatchObject({ sessions: 1, topics: 1, readers: 2, timers: 2 })
    return {
      url: edge.url,
      waiting: edge.waiting,
      ...{ context, join, reads, counts },
      aborted: () => aborted,
      /** Everything is as it was, and those who stayed still hear of everything. */
      async unharmed() {
        await expect.poll(counts, { interval: 2 }).toEqual(before)
        await room.emit('message', { text: 'the last one' })
        await Promise.all([
          sse.until(/the last one/),
          websocket.until((frame) => frame.includes('the last one')),
        ])
        expect(edge.reports).toEqual([])
      },
    }
  }

  let clients = 0
  /** Of another client each time. */
  const hello = (): string => {
    const client = `${++clients}`.padStart(22, '0')
    return JSON.stringify(['hello', { v: 1, contract: '0000000000000000', client }])
  }

  async function greeted(url: string): Promise<RawWebSocket> {
    const socket = await rawWebSocket(url)
    socket.send(hello())
    await socket.until((frame) => frame.startsWith('["welcome"'))
    return socket
  }

  async function joined(url: string, from: unknown = null): Promise<RawWebSocket> {
    const socket = await greeted(url)
    socket.send(JSON.stringify(['sub', 1, 'room', { id: 'a' }, from]))
    return socket
  }

  type Held = Awaited<ReturnType<typeof startHeld>>
  type Cuttable = Pick<RawGet | RawWebSocket, 'cut'>

  /** Connects many times in rounds, and cuts each round once all of it has come as far as it should. */
  async function inRounds(
    connect: () => Promise<Cuttable> | Cuttable,
    arrived: (links: readonly Cuttable[]) => Promise<unknown>,
    afterCut: (round: number) => Promise<unknown> | void = () => {},
  ): Promise<void> {
    for (let round = 0; round < times / atOnce; round++) {
      const links = await Promise.all(Array.from({ length: atOnce }, connect))
      await arrived(links)
      for (const link of links) link.cut()
      await afterCut(round)
    }
  }

  /** The same with a gate: it is opened at once after every other cut, and after the server has noticed the rest. */
  async function beforeGate(
    held: Held,
    gate: 'context' | 'join' | 'reads',
    connect: () => Promise<Cuttable> | Cuttable,
    noticed: (round: number) => Promise<unknown>,
  ): Promise<void> {
    await inRounds(
      () => {
        held[gate].shut()
        return connect()
      },
      () => held[gate].filled(atOnce),
      async (round) => {
        if (round % 2 === 0) await noticed(round)
        held[gate].open()
        await noticed(round)
      },
    )
    await held.unharmed()
  }

  describe('after many SSE responses that were cut', () => {
    const aborts = (held: Held) => (round: number) =>
      expect.poll(held.aborted, { interval: 2 }).toBe((round + 1) * atOnce)

    test('before their head, everything is as it was', async () => {
      const held = await startHeld()
      await beforeGate(held, 'join', () => rawGet(`${held.url}/events/room?id=a`), aborts(held))
    })

    test('during replay, everything is as it was', async () => {
      const held = await startHeld()
      const from = `${held.url}/events/room?id=a&from=first`
      await beforeGate(held, 'reads', () => rawGet(from), aborts(held))
    })

    test('with a part of what was replayed, everything is as it was', async () => {
      const held = await startHeld()
      await inRounds(
        () => rawGet(`${held.url}/events/room?id=a&from=first`),
        (links) => Promise.all(links.map((link) => (link as RawGet).until(/"old \d/))),
      )
      await held.unharmed()
    })

    test('while live, everything is as it was', async () => {
      const held = await startHeld()
      await inRounds(
        () => rawGet(`${held.url}/events/room?id=a`),
        (links) => Promise.all(links.map((link) => (link as RawGet).until(/parley\.live/))),
      )
      await held.unharmed()
    })
  })

  test('after many SSE responses that were cut with others behind them, everything is as it was', async () => {
    const held = await startHeld()
    await inRounds(
      () => rawGet(`${held.url}/events/room?id=a`),
      async (links) => {
        await Promise.all(links.map((link) => (link as RawGet).until(/parley\.live/)))
        for (const link of links) for (let n = 0; n < 3; n++) (link as RawGet).again()
        expect((await fetch(`${held.url}/health`)).status).toBe(200) // they have come that far by now
      },
    )
    await held.unharmed()
  })

  describe('after many WebSockets that were cut', () => {
    const until = (matches: (frame: string) => boolean) => (links: readonly Cuttable[]) =>
      Promise.all(links.map((link) => (link as RawWebSocket).until(matches)))
    const gone = (held: Held) => () => expect.poll(() => held.counts().sessions, { interval: 2 }).toBe(1)

    test('before hello, everything is as it was', async () => {
      const held = await startHeld()
      await inRounds(
        () => rawWebSocket(held.url),
        async () => {},
      )
      await held.unharmed()
    })

    test('before welcome, everything is as it was', async () => {
      const held = await startHeld()
      const connect = async () => {
        const socket = await rawWebSocket(held.url)
        socket.send(hello())
        return socket
      }
      await beforeGate(held, 'context', connect, gone(held))
    })

    test('during join, everything is as it was', async () => {
      const held = await startHeld()
      await beforeGate(held, 'join', () => joined(held.url), gone(held))
    })

    test('during replay, everything is as it was', async () => {
      const held = await startHeld()
      await beforeGate(held, 'reads', () => joined(held.url, 'first'), gone(held))
    })

    test('while live, everything is as it was', async () => {
      const held = await startHeld()
      await inRounds(
        () => joined(held.url),
        until((frame) => frame.startsWith('["live"')),
      )
      await held.unharmed()
    })

    test('during a call that runs, everything is as it was, and every handler was told to stop', async () => {
      const held = await startHeld()
      const runs: Promise<unknown>[] = []
      await inRounds(
        async () => {
          const running = held.waiting()
          const socket = await greeted(held.url)
          socket.send(JSON.stringify(['call', 1, 'wait', 0]))
          runs.push((await running).ended)
          return socket
        },
        async () => {},
      )
      const reasons = await Promise.all(runs)
      expect(reasons).toHaveLength(times)
      expect(new Set(reasons.map((reason) => (reason as { code: string }).code))).toEqual(
        new Set(['ABORTED']),
      )
      await held.unharmed()
    })
  })
}
