/** What a client makes of a server that says who is present, and of one that says it wrongly. */
import { channel, defineContract, type Report } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createClient } from '../src/client.js'
import { ScriptedServer, value } from './scripted-server.js'
import { outcome } from './world.js'

const contract = defineContract({
  lounge: channel({ events: { message: z.string() }, presence: z.object({ name: z.string() }) }),
})

async function lounge() {
  const clock = virtualClock()
  const server = new ScriptedServer(clock)
  server.joinsAt = 1
  const reports: Report[] = []
  const client = createClient(contract, {
    transport: server.link,
    clock,
    onReport: (report) => reports.push(report),
  })
  const { presence } = client.lounge
  const stop = presence.subscribe(() => {})
  await server.until('presence')
  await clock.advance(0)
  const id = server.last('sub').id
  const say = async (change: 'all' | 'joined', entries: [string, string, number][], states: unknown) => {
    server.send({ type: 'members', topic: 100 + id, change, more: false, entries, states: value(states) })
    await clock.advance(0)
  }
  return { clock, server, client, presence, reports, stop, id, say }
}

test('a client says after each sub what it wants to be shown as, and that it wants nothing where it does', async () => {
  const { server, presence, clock, id } = await lounge()
  expect(server.last('presence')).toMatchObject({ subscription: id, wanted: { json: null } })
  void presence.set({ name: 'ann' })
  await server.until('presence', 2)
  server.link.cut()
  await server.until('presence', 3)
  expect(server.last('presence')).toMatchObject({
    subscription: server.last('sub').id,
    wanted: { json: { name: 'ann' } },
  })
  expect(server.last('sub').id).not.toBe(id)
  await clock.advance(0)
})

test('an answer is for what was said first, and what was refused is not said again', async () => {
  const { server, presence, clock, id, reports } = await lounge()
  const [first, second] = [outcome(presence.set({ name: 'a' })), outcome(presence.set({ name: 'b' }))]
  await server.until('presence', 3)
  server.send({ type: 'ok', id }, { type: 'ok', id })
  server.send({ type: 'err', id, code: 'VALIDATION', message: 'no' })
  await clock.advance(0)
  expect([await first, await second]).toEqual([undefined, 'VALIDATION'])
  expect(reports).toMatchObject([{ kind: 'refused', path: 'lounge' }])
  server.link.cut()
  await server.until('presence', 4)
  expect(server.last('presence').wanted?.json).toEqual({ name: 'a' })
})

test('what waits for its answer is told when the topic is refused, and when the client is closed', async () => {
  const { server, client, presence, clock, id } = await lounge()
  const refused = outcome(presence.set({ name: 'a' }))
  await server.until('presence', 2)
  server.send({ type: 'refused', id, code: 'FORBIDDEN', message: 'no' })
  await clock.advance(0)
  expect(await refused).toBe('FORBIDDEN')
  client.connection.reconnect()
  await server.until('presence', 3)
  const closed = outcome(presence.set({ name: 'b' }))
  client.connection.close()
  expect(await closed).toBe('CLOSED')
  expect(await outcome(presence.set({ name: 'c' }))).toBe('CLOSED')
})

test('what cannot travel is refused and reported, and what was wanted before stands', async () => {
  const { server, presence, reports } = await lounge()
  const loop: { name: string; self?: object } = { name: 'a' }
  loop.self = loop
  expect(await outcome(presence.set(loop))).toBe('NOT_SERIALIZABLE')
  expect(reports).toMatchObject([{ kind: 'refused', path: 'lounge' }])
  server.link.cut()
  await server.until('presence', 2)
  expect(server.last('presence').wanted?.json).toBe(null)
})

test('what is set on a closed client is refused, and not said once it is open again', async () => {
  const { server, client, presence } = await lounge()
  client.connection.close()
  expect(await outcome(presence.set({ name: 'a' }))).toBe('CLOSED')
  client.connection.open()
  await server.until('presence', 2)
  expect(server.last('presence').wanted?.json).toBe(null)
})

test('states that cannot be read are reported, and what is shown is not current until the next list', async () => {
  const { presence, reports, say, server, id, clock } = await lounge()
  await say('all', [['ann', 'e1', 1]], [{ name: 'Ann' }])
  expect(presence.getSnapshot().current).toBe(true)
  const states = { json: '["x"]', meta: '{"values":{"0":["Date"]},"v":1}' }
  server.send({
    type: 'members',
    topic: 100 + id,
    change: 'joined',
    more: false,
    entries: [['b', 'e2', 1]],
    states,
  })
  await clock.advance(0)
  expect(reports).toMatchObject([{ kind: 'incompatible', path: 'lounge' }])
  expect(presence.getSnapshot()).toMatchObject({ current: false, members: [{ member: 'ann' }] })
  await say('joined', [['cid', 'e3', 1]], [{ name: 'Cid' }])
  expect(presence.getSnapshot().members.length).toBe(1)
})

test('members without their states break the protocol, and the connection with it', async () => {
  const { server, say } = await lounge()
  await say('all', [['ann', 'e1', 1]], [])
  expect(server.closes.length).toBe(1)
})
