/** Faults of graphql-ws, graphql-sse and of servers that use them, as promises that are kept here. */
import { expect, test } from 'vitest'
import { reader, transports, world } from './world.js'

// graphql-ws #163: retries went on after the last subscription was gone
test.each(transports)(
  'whoever stops reading while the connection is away asks for nothing more, over %s',
  async (transport) => {
    const all = world()
    const over = transport === 'sse' ? all.subscribe() : all.connect()
    const ticks = 'subscriber' in over ? over.subscriber : over.client.ticks
    const stop = ticks.on('tick', () => {})
    await all.clock.runUntil(() => ticks.status.getSnapshot().status === 'live')
    if ('wire' in over) {
      over.wire.isAway = true
      over.wire.cut()
    } else {
      over.link.refuse(true)
      over.link.cut()
    }
    await all.clock.advance(10_000)
    stop()
    await all.clock.advance(2_000)
    if ('client' in over) over.client.connection.close() // a client stays connected for its calls until it is closed
    const attempts = () => ('wire' in over ? over.wire.requests.length : over.link.counts().attempts)
    const before = attempts()
    await all.clock.advance(3_600_000)
    expect(attempts()).toBe(before)
  },
)

// graphql-sse #55, #57, #59: the count of retries began anew with each connection that opened, however short it was
test.each(transports)(
  'a server that takes each connection and drops it is asked less and less often, over %s',
  async (transport) => {
    const all = world()
    const { ticks, attempts, cut } = reader(all, transport)
    ticks.status.subscribe(() => {
      if (ticks.status.getSnapshot().status === 'live') cut()
    })
    await all.clock.advance(60_000)
    const first = attempts()
    await all.clock.advance(240_000)
    expect(first).toBeLessThan(14)
    expect(attempts() - first).toBeLessThan(40)
    expect(attempts() - first).toBeGreaterThan(4)
  },
)

// graphql-ws `keepAlive`: a ping that nobody answered had no consequence unless the application wrote one
test('a ping that nobody answers ends the connection on either side, with no line of the application', async () => {
  const { clock, connect, router } = world()
  const { client, link } = connect()
  client.connection.open()
  await clock.advance(1_000)
  const losses: string[] = []
  client.connection.subscribe(() => {
    const state = client.connection.getSnapshot()
    if (state.status === 'reconnecting') losses.push(state.lastError.code)
  })
  link.halfOpen()
  link.refuse(true)
  await clock.advance(35_000 + 1_000) // the server looks once a second
  expect(losses[0]).toBe('HEARTBEAT')
  expect(router.inspect()).toMatchObject({ connections: 0, readers: 0 })
})
