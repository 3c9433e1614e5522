/** Faults of phoenix.js and of Phoenix's channels, as promises that are kept here. */
import type { Clock } from '@parley/shared/internal'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { hiddenClock } from '../support/hidden-clock.js'
import { numbers, outcome, reader, transports, world } from './world.js'

/** A page that is hidden: its timers, and what shows it again. */
function hiddenPage(time: Clock): { readonly clock: Clock; show(): void } {
  const page = Object.assign(new EventTarget(), { visibilityState: 'hidden' })
  const view = new EventTarget()
  vi.stubGlobal('document', page)
  vi.stubGlobal('addEventListener', view.addEventListener.bind(view))
  vi.stubGlobal('removeEventListener', view.removeEventListener.bind(view))
  onTestFinished(() => void vi.unstubAllGlobals())
  const { clock, show } = hiddenClock(time)
  return {
    clock,
    show() {
      show()
      page.visibilityState = 'visible'
      page.dispatchEvent(new Event('visibilitychange'))
    },
  }
}

// phoenix #4307, #4309: heartbeats hung on chained timers, and the server cut off hidden pages whose timers are held back
test('a page whose timers run once a minute keeps its connection for an hour, and gets each event as it comes', async () => {
  const { clock, connect, emit, router } = world()
  const { client, link } = connect({ clock: hiddenPage(clock).clock })
  const seen: [number, number][] = []
  client.ticks.on('tick', ({ n }) => seen.push([n, clock.now()]))
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  const start = clock.now()
  for (let minute = 1; minute <= 60; minute++) {
    await clock.advance(59_000)
    await emit(minute)
    await clock.advance(1_000)
  }
  expect(link.counts().attempts).toBe(1)
  expect(seen).toEqual(numbers(1, 60).map((n) => [n, start + n * 60_000 - 1_000]))
  expect(router.inspect().sessions).toBe(1)
})

test('a hidden page whose link died in silence is back within seconds of being shown, with all that it missed', async () => {
  const { clock, connect, emit } = world()
  const page = hiddenPage(clock)
  const { client, link } = connect({ clock: page.clock })
  const seen: number[] = []
  client.ticks.on('tick', ({ n }) => seen.push(n))
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  await clock.advance(15_000)
  link.halfOpen()
  await emit(1, 3)
  await clock.advance(20_000)
  page.show()
  await clock.advance(5_250)
  expect(client.ticks.status.getSnapshot().status).toBe('live')
  expect(seen).toEqual([1, 2, 3])
})

// phoenix #3161: the client closed its own socket with 1000, took that for a clean end, and did not come back
test('a client that lets go of a dead link itself comes back, and so does one that is closed with 1000', async () => {
  const { clock, connect, inside } = world()
  const { client, link } = connect()
  client.connection.open()
  await clock.advance(20_000)
  link.halfOpen()
  await clock.advance(40_000)
  expect(client.connection.getSnapshot().status).toBe('open')
  expect(link.counts().opened).toBe(2)
  expect(inside.core.connections.size).toBe(1) // the server has let go of the first one, too
})

// phoenix #1579, #1740, #1778: "already joined", and the client joined again, and again
test.each(transports)('a topic is asked for once on each connection, over %s', async (transport) => {
  let joins = 0
  const all = world({ delayMs: transport === 'websocket' ? 30 : 0, join: () => ++joins > 0 })
  const { live, leave, attempts, told } = reader(all, transport)
  await live()
  for (let cut = 1; cut <= 10; cut++) {
    const back = await leave()
    back()
    await live()
    await all.clock.advance(20_000)
    expect(joins).toBe(1 + cut)
  }
  const before = attempts()
  await all.clock.advance(600_000)
  expect(joins).toBe(11)
  expect(attempts()).toBe(before)
  expect([...all.reports, ...told]).toEqual([])
})

// phoenix, `join_ref`: frames of a join that was left reached the join after it
test('a topic that is left and joined again while events are under way brings each event once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(80), { minLength: 4, maxLength: 12 }), async (waits) => {
      const all = world({ delayMs: 60 })
      const { client } = all.connect({ lingerMs: 0 })
      let position: string | undefined
      let n = 0
      const got: number[] = []
      for (const ms of waits) {
        const stop = client.ticks.on(
          'tick',
          (tick, at) => {
            got.push(tick.n)
            position = at.position
          },
          { from: position ?? 'first' },
        )
        await all.emit(++n)
        await all.clock.advance(ms)
        await all.emit(++n)
        stop()
      }
      client.ticks.on('tick', (tick) => got.push(tick.n), { from: position ?? 'first' })
      await all.clock.advance(2_000)
      expect(got).toEqual(numbers(1, n))
    }),
    { numRuns: 40 },
  )
})

// firezone #4348: a heartbeat of 30 s met a server's time-out of 30 s; nothing was left for the way
test('a slow but living link that carries nothing but heartbeats outlives a day', async () => {
  const { clock, connect } = world({ delayMs: 4_000 })
  const { client, link } = connect()
  client.connection.open()
  await clock.advance(24 * 3_600_000)
  expect(client.connection.getSnapshot().status).toBe('open')
  expect(link.counts().attempts).toBe(1)
})

// phoenix #4623: a heartbeat that was armed before a disconnect fired after it
test('a client that is closed while anything is under way sends nothing more, and has no timer', async () => {
  const all = world({ delayMs: 50, working: () => new Promise(() => {}) })
  const { client, link } = all.connect()
  client.ticks.on('tick', () => {})
  void outcome(client.pay({ n: 1 }))
  await all.clock.advance(40)
  client.connection.close()
  await all.clock.advance(1_000)
  const { delivered } = link.counts()
  await all.clock.advance(600_000)
  expect(link.counts()).toMatchObject({ delivered, attempts: 1, open: 0 })
})
