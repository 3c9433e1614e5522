/** A log that fails in every way a log can: what the application and the clients see of it. */
import { channel, defineContract, type Report } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith } from '../src/hub.js'
import { anyone, createRouter, type Log, memoryLog } from '../src/index.js'
import { insideOf } from '../src/router.js'
import { connect, greet } from './peer.js'

const contract = defineContract({
  news: channel({
    events: { item: z.object({ n: z.number() }), bytes: z.object({ raw: z.instanceof(Uint8Array) }) },
  }),
})

function setUp(faults: (log: Log) => Partial<Log>) {
  const clock = virtualClock()
  const reports: Report[] = []
  const log = memoryLog({ clock })
  const sound: Log = {
    append: (entry) => log.append(entry),
    publish: (item) => log.publish(item),
    read: (topic, from, bounds) => log.read(topic, from, bounds),
    tail: (listener) => log.tail(listener),
    close: () => log.close(),
  }
  const hub = createHubWith(
    contract,
    { log: { ...sound, ...faults(log) }, onReport: (report) => reports.push(report) },
    clock,
  )
  const router = createRouter(hub, { news: { join: anyone } })
  const enter = async () => {
    const peer = connect(router)
    greet(peer, 'ann')
    await clock.advance(0)
    return peer
  }
  return { clock, reports, hub, router, enter }
}

const diskError = (): never => {
  throw new Error('EIO at /var/lib/app/events.db')
}

test('a log that could not be opened once is tried again by whoever comes next', async () => {
  let isAway = true
  const { enter, hub, reports, clock } = setUp((log) => ({
    tail: (listener) => (isAway ? Promise.reject(new Error('away')) : log.tail(listener)),
  }))
  expect((await enter()).end?.code).toBe(4102)
  expect(reports).toMatchObject([{ kind: 'log-failed' }])
  isAway = false
  const ann = await enter()
  expect(ann.of('welcome')).toHaveLength(1)
  ann.say('sub', 1, 'news', null, null)
  await clock.advance(0)
  await hub.channel.news.emit('item', { n: 1 })
  expect(ann.of('e')).toEqual([['e', 1, 1, 'item', { n: 1 }]])
})

test('what a failed attempt to open still passes on is not taken twice', async () => {
  let attempts = 0
  const { enter, hub, clock } = setUp((log) => ({
    async tail(listener) {
      const tail = await log.tail(listener)
      if (++attempts === 1) throw new Error('half open')
      return tail
    },
  }))
  await enter()
  const ann = await enter()
  ann.say('sub', 1, 'news', null, null)
  await clock.advance(0)
  await hub.channel.news.emit('item', { n: 1 })
  expect(ann.of('e')).toHaveLength(1)
})

test('a log that throws instead of rejecting fails the emit, not whoever emits and looks away', async () => {
  const { hub, reports, clock } = setUp(() => ({ append: diskError }))
  const position = hub.channel.news.emit('item', { n: 1 })
  await expect(position).rejects.toThrow('EIO')
  await clock.advance(0)
  expect(reports).toMatchObject([{ kind: 'emit-failed', path: 'news' }])
})

test.each([
  ['throws', diskError],
  ['rejects', async () => diskError()],
])('a log whose read %s ends the connection for now, without a word of why', async (_, read) => {
  const { enter, clock, reports, router } = setUp(() => ({ read }))
  const ann = await enter()
  ann.say('sub', 1, 'news', null, 'first')
  await clock.advance(0)
  expect(ann.end?.code).toBe(4102)
  expect(ann.end?.reason).not.toContain('EIO')
  expect(reports).toMatchObject([{ kind: 'log-failed', error: { message: expect.stringContaining('EIO') } }])
  expect(router.inspect()).toMatchObject({ connections: 0, readers: 0, topics: 0 })
})

test('a log that gives back nonsense ends the response that met it, and is reported', async () => {
  const { hub, router, clock, reports } = setUp((log) => ({
    async read(topic, from, bounds) {
      const page = await log.read(topic, from, bounds)
      return {
        ...page,
        entries: page.entries.map((entry) => ({ ...entry, data: { ...entry.data, meta: '{' } })),
      }
    },
  }))
  await hub.channel.news.emit('bytes', { raw: new Uint8Array([1]) })
  const request = new Request('http://localhost/events/news?from=first')
  const response = await insideOf(router).fetch(request, '/events/news')
  const text = response.text()
  await clock.advance(0)
  expect(await text).not.toContain('event:bytes')
  expect(reports).toMatchObject([{ kind: 'log-failed', path: 'news' }])
  expect(router.inspect()).toMatchObject({ readers: 0, timers: 0 })
})
