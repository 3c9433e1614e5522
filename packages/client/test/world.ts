/** A client of a small contract, a server in the hands of the test, and a virtual clock. */
import { call, channel, defineContract, ParleyError, type Report, volatile } from '@parley/shared'
import { type VirtualClock, virtualClock } from '@parley/shared/testing'
import { z } from 'zod'
import { type ClientOptions, createClient } from '../src/client.js'
import { ScriptedServer, value } from './scripted-server.js'

export const contract = defineContract({
  news: channel({ events: { item: z.object({ n: z.number() }) } }),
  latest: channel({ events: { item: z.number() }, replay: 'latest' }),
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: z.object({ text: z.string() }), typing: volatile(z.string()) },
    messages: {
      say: call({ input: z.object({ text: z.string() }), output: z.object({ id: z.string() }) }),
      react: z.string(),
      typing: volatile(z.string()),
    },
  }),
  booth: channel({
    params: z.object({ id: z.string() }),
    events: {},
    presence: z.object({ name: z.string() }),
  }),
  rooms: {
    create: call({
      input: z.object({ name: z.string() }),
      output: z.object({ id: z.string(), at: z.date() }),
      errors: { NAME_TAKEN: z.object({ suggestion: z.string() }) },
    }),
    list: call({ output: z.array(z.string()), idempotent: true }),
  },
})

export function world(options: Partial<ClientOptions> = {}, clock: VirtualClock = virtualClock()) {
  const server = new ScriptedServer(clock)
  const reports: Report[] = []
  const onReport = (report: Report): void => void reports.push(report)
  const client = createClient(contract, { transport: server.link, clock, onReport, ...options })
  const states: string[] = []
  client.connection.subscribe(() => states.push(client.connection.getSnapshot().status))
  return { clock, server, client, reports, states }
}

/** The outcome of a promise: its value, or the code of the error that it rejects with. */
export const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error) => (error instanceof ParleyError ? error.code : error))

export const event = (topic: number, offset: number, data: unknown, name = 'message') =>
  ({ type: 'e', topic, offset, name, data: value(data) }) as const

/** A world whose room `a` is live at 10 for a listener. */
export async function liveRoom(options: Partial<ClientOptions> = {}) {
  const all = world(options)
  const { client, server, clock } = all
  server.joinsAt = 10
  const room = client.room({ id: 'a' })
  const seen: unknown[] = []
  room.on('message', ({ text }, details) => seen.push({ text, ...details }))
  await server.until('sub')
  await clock.advance(0)
  const topic = 100 + server.last('sub').id
  return { ...all, room, seen, topic }
}
