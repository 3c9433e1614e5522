/** Faults of Socket.IO's connection state recovery and of its adapters, as promises that are kept here. */
import { expect, test } from 'vitest'
import { numbers, outcome, reader, transports, world } from './world.js'

// socket.io #5538: the offset came with the first event, so a client without one could not recover
test.each(transports)(
  'a client that is cut before its first event resumes from where it began, over %s',
  async (transport) => {
    const all = world()
    await all.emit(1, 3)
    const { seen, live, leave } = reader(all, transport)
    await live()
    const back = await leave()
    await all.emit(4, 6)
    back()
    await live()
    expect(seen).toEqual([4, 5, 6])
  },
)

// socket.io #5282, centrifugo #230: a quiet client whose last event had aged out failed to recover, though it missed nothing
test.each(transports)(
  'a client that missed nothing has no gap, however old its position is, over %s',
  async (transport) => {
    const all = world()
    const { seen, live, leave } = reader(all, transport)
    await live()
    await all.emit(1)
    await all.clock.advance(60 * 60_000) // the window is five minutes
    const back = await leave()
    await all.clock.advance(60 * 60_000)
    back()
    await live()
    await all.emit(2)
    await all.clock.advance(0)
    expect(seen).toEqual([1, 2])
  },
)

// socket.io #4880: it recovered only once
test.each(transports)(
  'a client recovers after its tenth cut as after its first, over %s',
  async (transport) => {
    const all = world()
    const { seen, live, leave } = reader(all, transport)
    await live()
    for (let cut = 0; cut < 10; cut++) {
      const back = await leave()
      await all.emit(3 * cut + 1, 3 * cut + 3)
      back()
      await live()
    }
    expect(seen).toEqual(numbers(1, 30))
  },
)

// socket.io #5419: replayed packets carried no offset, so each later reconnect replayed them again
test.each(transports)(
  'what was replayed once is not replayed by the next reconnection, over %s',
  async (transport) => {
    const all = world()
    const { seen, live, leave } = reader(all, transport)
    await live()
    let back = await leave()
    await all.emit(1, 50)
    back()
    await live()
    for (let cut = 0; cut < 3; cut++) {
      back = await leave()
      back()
      await live()
    }
    await all.emit(51)
    await all.clock.advance(0)
    expect(seen).toEqual(numbers(1, 51))
  },
)

// socket.io, `skipMiddlewares`: who was blocked while away came back in with all that was missed
test.each(transports)(
  'who lost the right to read while away is refused, and gets nothing of what was missed, over %s',
  async (transport) => {
    let isAllowed = true
    const all = world({ join: () => isAllowed })
    const { ticks, seen, live, leave, attempts } = reader(all, transport)
    await live()
    await all.emit(1)
    await all.clock.advance(0)
    const back = await leave()
    await all.emit(2, 4)
    isAllowed = false
    back()
    await all.clock.runUntil(() => ticks.status.getSnapshot().status === 'refused', 120_000)
    expect(ticks.status.getSnapshot()).toEqual({ status: 'refused', code: 'FORBIDDEN' })
    const before = attempts()
    await all.clock.advance(600_000)
    expect(attempts()).toBe(before) // and does not knock for ever
    expect(seen).toEqual([1])
  },
)

// socket.io, `sendBuffer`: unbounded while offline, and a spike of stale events when back
test('what is sent while away is bounded in number and in age, and says so', async () => {
  const { clock, connect, ran } = world()
  const { client, link } = connect()
  link.refuse(true)
  const asked = numbers(1, 300).map((n) => outcome(client.pay({ n })))
  await clock.advance(31_000)
  const outcomes = await Promise.all(asked)
  expect(outcomes.filter((one) => one === 'OUTBOX_FULL')).toHaveLength(300)
  link.refuse(false)
  await clock.advance(60_000)
  expect(ran).toEqual([])
})

// socket.io, `io server disconnect`: the client stayed away without a word
test('a client that the server ends says why, and the application can bring it back', async () => {
  const { clock, connect, router } = world()
  const { client } = connect()
  client.connection.open()
  await clock.advance(0)
  router.disconnect({ member: 'ann' }, { reason: 'be nice' })
  await clock.advance(60_000)
  expect(client.connection.getSnapshot()).toEqual({
    status: 'closed',
    code: 'DISCONNECTED',
    reason: 'be nice',
    final: true,
  })
  client.connection.open()
  await clock.advance(0)
  expect(client.connection.getSnapshot().status).toBe('open')
})
