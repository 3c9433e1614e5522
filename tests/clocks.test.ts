/** Wall clocks that are set, on either side alone, and machines that stand still, on either side alone. */
import type { Clock } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { numbers, reader, transports, world } from './field/world.js'

const hour = 3_600_000

/** A clock whose wall is set by hand, apart from that of the others. */
function wallOf(clock: Clock): { readonly clock: Clock; set(byMs: number): void } {
  let offset = 0
  return {
    clock: { ...clock, now: () => clock.now() + offset },
    set(byMs) {
      offset += byMs
    },
  }
}

const sides = ['client', 'server'] as const
const ways = transports.flatMap((transport) =>
  sides.flatMap((side) =>
    [-hour, hour].map((byMs) => [side, byMs < 0 ? 'back' : 'forward', transport, byMs] as const),
  ),
)

test.each(ways)(
  'a wall clock of the %s that is set %s costs no event, over %s',
  async (side, _, transport, byMs) => {
    const time = virtualClock()
    const walls = { client: wallOf(time), server: wallOf(time) }
    const all = world({ clock: time, serverClock: walls.server.clock, clientClock: walls.client.clock })
    const { seen, live, cut } = reader(all, transport)
    await live()
    for (let n = 1; n <= 9; n++) {
      await all.emit(n)
      if (n === 3) walls[side].set(byMs)
      if (n === 6) cut()
      await time.advance(7_000)
    }
    await live()
    expect(seen).toEqual(numbers(1, 9))
  },
)

/** A client that has been open for a while, with clocks whose walls can be set. */
async function opened() {
  const time = virtualClock()
  const walls = { client: wallOf(time), server: wallOf(time) }
  const all = world({ clock: time, serverClock: walls.server.clock, clientClock: walls.client.clock })
  const { client, link } = all.connect()
  client.connection.open()
  await time.advance(10_000)
  return { ...all, time, walls, client, link }
}

test.each(sides.flatMap((side) => [-hour, hour].map((byMs) => [side, byMs] as const)))(
  'a wall clock of the %s that is set by %i ms ends no connection that is alive',
  async (side, byMs) => {
    const { time, walls, client, link } = await opened()
    walls[side].set(byMs)
    await time.advance(300_000)
    expect(client.connection.getSnapshot().status).toBe('open')
    // to a client a clock that was set forward is a sleep, after which it does not trust its link: once
    expect(link.counts().attempts).toBe(side === 'client' && byMs > 0 ? 2 : 1)
  },
)

test.each(sides.flatMap((side) => [-hour, hour].map((byMs) => [side, byMs] as const)))(
  'a wall clock of the %s that is set by %i ms hides no link that is dead',
  async (side, byMs) => {
    const { time, walls, client, link, router } = await opened()
    walls[side].set(byMs)
    link.halfOpen()
    link.refuse(true)
    await time.advance(2 * 35_000)
    expect(client.connection.getSnapshot().status).toBe('reconnecting')
    expect(router.inspect()).toMatchObject({ connections: 0, readers: 0 })
  },
)

test.each([-hour, hour])(
  'a stream that is quiet is kept by its heartbeats, though the wall clock of the server is set by %i ms',
  async (byMs) => {
    const time = virtualClock()
    const server = wallOf(time)
    const all = world({ clock: time, serverClock: server.clock })
    const { live, attempts } = reader(all, 'sse')
    await live()
    await time.advance(10_000)
    server.set(byMs)
    await time.advance(120_000)
    expect(attempts()).toBe(1)
  },
)

test('a server that stood still for a minute ends no connection whose frames it has yet to read', async () => {
  const { clock, connect } = world()
  const { client, link } = connect()
  client.connection.open()
  await clock.advance(20_000)
  clock.jump(60_000) // both stood still: the client's timers come late, too
  await clock.advance(60_000)
  expect(client.connection.getSnapshot().status).toBe('open')
  expect(link.counts().open).toBe(1)
})

test.each([-hour, hour])(
  'a session without a connection is kept for as long as promised, and no longer, though the wall clock of the server is set by %i ms',
  async (byMs) => {
    const time = virtualClock()
    const server = wallOf(time)
    const { connect, router } = world({ clock: time, serverClock: server.clock })
    const { client, link } = connect()
    client.connection.open()
    await time.advance(10_000)
    link.refuse(true)
    link.cut()
    await time.advance(10_000)
    expect(router.inspect()).toMatchObject({ connections: 0, sessions: 1 })
    server.set(byMs)
    await time.advance(byMs < 0 ? 125_000 : 0)
    // set forward it may end early: then its client is told that what it waited for has an unknown outcome
    expect(router.inspect().sessions).toBe(byMs < 0 ? 0 : 1)
  },
)
