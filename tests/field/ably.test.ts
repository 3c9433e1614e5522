/** Faults of ably-js that its own fault proxy and its users found, as promises that are kept here. */
import { createClient } from '@parley/client'
import { createRouter } from '@parley/server'
import { createHubWith, openMemoryLog } from '@parley/server/internal'
import { breakableLink, virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { contractOf, numbers, outcome, reader, transports, world } from './world.js'

// ably-js #95, #540: a serial that was not begun anew after a resume had failed; the next messages were taken for old ones
test('after a server that knows nothing of the session before, what is sent next is run and answered as itself', async () => {
  const clock = virtualClock()
  const contract = contractOf()
  const ran: number[] = []
  const start = () => {
    const hub = createHubWith(contract, { log: openMemoryLog({ clock }).log, onReport: () => {} }, clock)
    const router = createRouter(hub, {
      ticks: { join: () => true },
      room: { join: () => true, messages: { say: ({ input }) => ({ n: ran.push(Number(input.text)) }) } },
      pay: ({ input }) => {
        ran.push(input.n)
        return input
      },
      look: ({ input }) => input,
    })
    return { hub, link: router.link({ context: undefined }) }
  }
  let server = start()
  const link = breakableLink({ connect: (events) => server.link.connect(events) }, clock)
  const client = createClient(contract, { transport: link, clock, onReport: () => {} })
  const answers: unknown[] = []
  const ask = (n: number) => void outcome(client.pay({ n })).then((answer) => answers.push(answer))
  for (let n = 1; n <= 40; n++) {
    ask(n)
    await clock.advance(0)
    if (n % 10 > 0) continue
    await server.hub.close()
    server = start()
    await clock.advance(n % 20 === 0 ? 0 : 10_000)
  }
  await clock.advance(30_000)
  expect(answers).toEqual(numbers(1, 40).map((n) => ({ n })))
  expect(ran).toEqual(numbers(1, 40))
  client.connection.close()
  await server.hub.close()
})

// ably-js, fault proxy: the TCP connection is cut without a close frame, while it is quiet and while it is busy
test.each(transports)(
  'a link that goes dead without a word at any moment costs no event, over %s',
  async (transport) => {
    const all = world({ delayMs: transport === 'websocket' ? 15 : 0 })
    const { seen, live, cut } = reader(all, transport)
    await live()
    for (let n = 1; n <= 200; n++) {
      void all.emit(n)
      if (n % 23 === 0) cut()
      await all.clock.advance(n % 31)
    }
    await live()
    await all.clock.advance(1_000)
    expect(seen).toEqual(numbers(1, 200))
  },
)

// ably-js #1753, #1780, supabase realtime-js #121: a laptop that had slept showed a connection that was long gone
test.each(transports)(
  'after a night of sleep the first thing that is shown is what was missed, or the gap, over %s',
  async (transport) => {
    const all = world({ replay: { last: 100, for: '5m' } })
    const { seen, live, cut } = reader(all, transport)
    await live()
    await all.emit(1, 2)
    await all.clock.advance(20_000)
    all.clock.jump(8 * 3_600_000) // nothing ran meanwhile, on this side
    cut() // the server had let go of it
    await all.emit(3, 5)
    await all.clock.advance(1_000)
    await live()
    expect(seen).toEqual([1, 2, 3, 4, 5])
  },
)
