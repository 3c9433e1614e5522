import { join } from 'node:path'
import {
  type ContractDescription,
  call,
  channel,
  defineContract,
  describeContract,
  type Report,
} from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createHubWith, type HubOptions } from '../src/hub.js'
import { createEmitter, createRouter, type Log } from '../src/index.js'
import { sqliteLog } from '../src/logs/sqlite.js'
import { insideOf } from '../src/router.js'
import { testFolder } from './logs/sqlite/folder.js'
import { clientId, connect } from './peer.js'

const events = { said: z.object({ text: z.string() }) }

/** Today's contract, and those of older pages: one that it still fits, and one that it does not. */
const today = defineContract({
  feed: channel({ events }),
  rooms: { open: call({ input: z.object({ name: z.string(), topic: z.string().optional() }) }) },
})
const fitting = defineContract({
  feed: channel({ events }),
  rooms: { open: call({ input: z.object({ name: z.string() }) }) },
})
const misfit = defineContract({
  feed: channel({ events }),
  rooms: { open: call({ input: z.object({ title: z.string() }) }), gone: call() },
})
const lock: readonly ContractDescription[] = JSON.parse(
  JSON.stringify([fitting, misfit].map(describeContract)),
)

function start(options: HubOptions<undefined, undefined> = {}, contract: typeof today = today) {
  const clock = virtualClock()
  const reports: Report[] = []
  const hub = createHubWith(contract, { onReport: (report) => reports.push(report), ...options }, clock)
  onTestFinished(() => hub.close())
  const rooms = { open: () => 'opened', ...(contract.calls.has('rooms.gone') ? { gone: () => {} } : {}) }
  const router = createRouter(hub, { feed: { join: () => true }, rooms } as never)
  /** What a WebSocket client of this contract is told first. */
  const greeted = async (contract: string) => {
    const peer = connect(router)
    peer.say('hello', { v: 1, contract, client: clientId('ann') })
    await expect.poll(() => peer.end ?? peer.of('welcome')[0]).toBeDefined()
    return peer.end ?? peer.of('welcome')[0]![1]
  }
  const request = (path: string, contract: string | undefined, init: RequestInit = {}) => {
    const headers = {
      ...(contract === undefined ? {} : { 'parley-contract': contract }),
      ...(init.method ? { 'content-type': 'application/json' } : {}),
    }
    return insideOf(router).fetch(new Request(`http://localhost${path}`, { ...init, headers }), path)
  }
  const open = (contract: string | undefined) =>
    request('/call/rooms.open', contract, { method: 'POST', body: '{"name":"a"}' })
  const told = () => reports.filter(({ kind }) => kind === 'contract').map(({ message }) => message)
  return { hub, reports, greeted, request, open, told, clock }
}

const none = '0000000000000000'
const stranger = '0123456789abcdef'

test('a client of the same contract, or one that tells none, goes on without a word', async () => {
  const { greeted, open, request, reports } = start({ contracts: lock })
  for (const contract of [today.fingerprint, none]) {
    expect(await greeted(contract)).toMatchObject({ contract: today.fingerprint })
    expect(await greeted(contract)).not.toHaveProperty('fits')
    expect((await open(contract)).status).toBe(204)
  }
  expect((await open(undefined)).status).toBe(204)
  expect((await request('/events/feed', undefined)).status).toBe(200)
  expect(reports).toEqual([])
})

test('a client of a known contract that fits goes on, is told so, and is reported once', async () => {
  const { greeted, open, request, told } = start({ contracts: lock })
  for (let n = 0; n < 3; n++) {
    expect(await greeted(fitting.fingerprint)).toMatchObject({ fits: 'compatible' })
    expect((await open(fitting.fingerprint)).status).toBe(204)
    expect((await request('/events/feed', fitting.fingerprint)).status).toBe(200)
  }
  expect(told()).toEqual([`a client was built with the contract "${fitting.fingerprint}", which fits`])
})

test('a client of a known contract that does not fit is refused, and told where', async () => {
  const { greeted, open, told } = start({ contracts: lock })
  const end = await greeted(misfit.fingerprint)
  expect(end).toMatchObject({ code: 4412 })
  const why = 'rooms.gone: there is none any more (and 1 more)'
  expect(JSON.parse(end.reason)).toEqual({ code: 'CONTRACT_MISMATCH', why })
  const response = await open(misfit.fingerprint)
  expect(response.status).toBe(412)
  expect(await response.json()).toEqual({
    error: { code: 'CONTRACT_MISMATCH', message: 'rooms.open.input.name: it is required now' },
  })
  expect(told()).toEqual([expect.stringContaining(`does not fit: ${why}`)])
})

test('an HTTP request is refused only for the channel or call that it is about', async () => {
  const { request } = start({ contracts: lock })
  expect((await request('/events/feed', misfit.fingerprint)).status).toBe(200)
})

test('a client of an unknown contract goes on and is reported once, or is refused where the hub says so', async () => {
  const lenient = start({ contracts: lock })
  for (let n = 0; n < 3; n++) {
    expect(await lenient.greeted(stranger)).not.toHaveProperty('fits')
    expect((await lenient.open(stranger)).status).toBe(204)
  }
  expect(lenient.told()).toEqual([expect.stringContaining(stranger)])
  const strict = start({ contracts: lock, onMismatch: 'refuse' })
  expect(await strict.greeted(stranger)).toMatchObject({ code: 4412 })
  expect((await strict.open(stranger)).status).toBe(412)
  expect((await strict.request('/events/feed', stranger)).status).toBe(412)
  expect(await strict.greeted(none)).toMatchObject({ session: expect.any(String) })
  expect(await strict.greeted(fitting.fingerprint)).toMatchObject({ fits: 'compatible' })
})

test('whatever clients tell as their contract, memory and reports stay bounded', async () => {
  const { open, told } = start({ contracts: lock, limits: { handshakesPerSecond: 10_000 } })
  for (let n = 0; n < 2_000; n++) expect((await open(`${n} `.repeat(40).trim())).status).toBe(204)
  expect(told().length).toBeLessThanOrEqual(20)
  for (const message of told()) expect(message.length).toBeLessThan(200)
})

test('over a durable log, a later version knows the contracts that were served before it', async () => {
  const path = join(testFolder(), 'events.db')
  for (const contract of [fitting, misfit]) {
    const before = start({ log: sqliteLog(path) }, contract as never)
    await before.greeted(contract.fingerprint)
    await before.hub.close()
  }
  const now = start({ log: sqliteLog(path), onMismatch: 'refuse' })
  expect(await now.greeted(fitting.fingerprint)).toMatchObject({ fits: 'compatible' })
  expect(await now.greeted(misfit.fingerprint)).toMatchObject({
    code: 4412,
    reason: expect.stringContaining('rooms.gone'),
  })
  expect(await now.greeted(stranger)).toMatchObject({
    code: 4412,
    reason: expect.stringContaining('does not know'),
  })
  await now.hub.close()
})

test('a contract that another node serves later is known when it is asked for again', async () => {
  const kept = new Map<string, string>()
  const { log, save } = keeping(kept)
  const { greeted, clock, told } = start({ log })
  expect(await greeted(fitting.fingerprint)).not.toHaveProperty('fits')
  await save(fitting.fingerprint, JSON.stringify(describeContract(fitting)))
  await clock.advance(10_000)
  expect(await greeted(fitting.fingerprint)).toMatchObject({ fits: 'compatible' })
  expect(told()).toEqual([expect.stringContaining('no description'), expect.stringContaining('which fits')])
})

test('a log that cannot tell, or tells what is none, makes a contract an unknown one, and that is reported', async () => {
  const failing = start({
    log: keeping(new Map(), () => Promise.reject(new Error('no disk'))).log,
  })
  expect(await failing.greeted(stranger)).not.toHaveProperty('fits')
  expect(failing.reports.map(({ kind }) => kind).sort()).toEqual(['contract', 'log-failed'])
  const broken = start({
    log: keeping(
      new Map([
        [stranger, '{'],
        [fitting.fingerprint, '{}'],
      ]),
    ).log,
  })
  expect(await broken.greeted(stranger)).not.toHaveProperty('fits')
  expect(await broken.greeted(fitting.fingerprint)).not.toHaveProperty('fits')
})

test('a stand-alone emitter goes by what its log keeps', async () => {
  const known = new Map([[misfit.fingerprint, JSON.stringify(describeContract(misfit))]])
  const other = defineContract({ feed: channel({ events: { said: z.number() } }) })
  known.set(other.fingerprint, JSON.stringify(describeContract(other)))
  const feed = createEmitter(today, 'feed', { log: keeping(known).log, onReport: () => {} })
  onTestFinished(() => feed.close())
  const get = (contract: string) =>
    feed.respond(new Request('http://localhost/feed', { headers: { 'parley-contract': contract } }))
  expect((await get(misfit.fingerprint)).status).toBe(200)
  expect((await get(other.fingerprint)).status).toBe(412)
})

test('what is no description, or no way to go about one, is refused where it is given', () => {
  expect(() => start({ contracts: [{}] as never })).toThrow(/contracts\[0\]/)
  expect(() => start({ contracts: [...lock, { ...lock[0]!, v: 2 }] })).toThrow(/contracts\[2\]/)
  expect(() => start({ onMismatch: 'reload' as never })).toThrow(/onMismatch/)
})

/** A log that keeps contracts in a map; it is asked for little else. */
function keeping(kept: Map<string, string>, find = async (name: string) => kept.get(name)) {
  const save = async (name: string, text: string): Promise<void> => {
    kept.set(name, text)
  }
  const position = { epoch: 'e', offset: 0 }
  const log: Log = {
    contracts: { find, save },
    append: async () => position,
    publish: async () => {},
    read: async () => ({ start: position, entries: [], position, done: true }),
    tail: async () => ({ epoch: 'e', head: 0, close: () => {} }),
    close: async () => {},
  }
  return { log, save }
}
