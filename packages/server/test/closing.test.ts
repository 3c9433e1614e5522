/** Ends that come while something is still under way: of the hub, of a subscription, of a member's rights. */
import { channel, defineContract, type Report } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith, type HubOptions } from '../src/hub.js'
import { createRouter, type Log, memoryLog } from '../src/index.js'
import { insideOf } from '../src/router.js'
import { connect, greet, type Peer } from './peer.js'

const contract = defineContract({
  room: channel({ params: z.object({ id: z.string() }), events: { said: z.object({ n: z.number() }) } }),
})

interface Options extends HubOptions<z.ZodString, string> {
  readonly join?: () => boolean | Promise<boolean>
}

function setUp({ join = () => true, ...options }: Options = {}) {
  const clock = virtualClock()
  const reports: Report[] = []
  const hub = createHubWith(
    contract,
    {
      auth: z.string(),
      context: ({ auth }) => auth,
      identify: (context) => context,
      onReport: (report) => reports.push(report),
      ...options,
    },
    clock,
  )
  const router = createRouter(hub, { room: { join } })
  const start = (member: string): Peer => {
    const peer = connect(router)
    greet(peer, member, member)
    return peer
  }
  const enter = async (member: string): Promise<Peer> => {
    const peer = start(member)
    await clock.advance(0)
    return peer
  }
  const get = (member: string): Promise<Response> =>
    insideOf(router).fetch(
      new Request('http://localhost/events/room?id=general', {
        headers: { authorization: `Bearer ${member}` },
      }),
      '/events/room',
    )
  return { clock, reports, hub, router, start, enter, get }
}

const general = { id: 'general' }
const nothing = { sessions: 0, topics: 0, readers: 0, timers: 0 }

/** A promise that the test settles. */
function later<T>(): { promise: Promise<T>; settle: (value: T) => void } {
  let settle!: (value: T) => void
  const promise = new Promise<T>((resolve) => {
    settle = resolve
  })
  return { promise, settle }
}

test('whoever comes to a closed hub is told to come back later, and leaves nothing behind', async () => {
  const { hub, router, start, enter, get, clock } = setUp()
  const ann = await enter('ann')
  await hub.close()
  expect(ann.end?.code).toBe(4000)
  expect(start('bob').end).toMatchObject({ code: 4100, reason: expect.stringContaining('delayMs') })
  const closes: number[] = []
  router.link({ context: 'ann' }).connect({
    opened: () => {},
    received: () => {},
    closed: (code) => closes.push(code),
  })
  await clock.advance(0)
  expect(closes).toEqual([4100])
  const direct = await hub.channel.room(general).respond(new Request('http://localhost/'))
  for (const response of [await get('ann'), direct]) {
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^[1-5]$/)
  }
  expect(router.inspect()).toMatchObject(nothing)
})

test('a hub that closes while a client is let in, or an SSE route opens the log, leaves nothing behind', async () => {
  const asked = later<string>()
  const log = memoryLog()
  const opening = later<void>()
  const slow: Log = {
    append: (entry) => log.append(entry),
    publish: (item) => log.publish(item),
    read: (topic, from, bounds) => log.read(topic, from, bounds),
    async tail(listener) {
      await opening.promise
      return log.tail(listener)
    },
    close: () => log.close(),
  }
  const { hub, router, start, get, clock, reports } = setUp({
    log: slow,
    context: ({ auth }) => (auth === 'slow' ? asked.promise : auth),
  })
  const [ann, bob] = [start('slow'), start('bob')]
  const response = get('cleo')
  await clock.advance(0)
  await hub.close()
  asked.settle('ann')
  opening.settle()
  expect((await response).status).toBe(503)
  await clock.advance(0)
  expect([ann.end?.code, bob.end?.code]).toEqual([4000, 4000])
  expect(router.inspect()).toMatchObject(nothing)
  expect(reports).toEqual([])
})

test('a member that is disconnected while its credentials are looked at does not come in', async () => {
  const asked = later<string>()
  const { router, start, get, clock } = setUp({ context: () => asked.promise })
  const ann = start('ann')
  const response = get('ann')
  await clock.advance(0)
  router.disconnect({ member: 'ann' }, { reason: 'banned' })
  asked.settle('ann')
  await clock.advance(0)
  expect(ann.end).toMatchObject({ code: 4410, reason: expect.stringContaining('banned') })
  expect((await response).status).toBe(403)
  expect(router.inspect()).toMatchObject(nothing)
})

test('a member that is kicked while join is asked does not read, over WebSocket and SSE', async () => {
  const asked = later<boolean>()
  const { hub, enter, get, clock, router } = setUp({ join: () => asked.promise })
  const ann = await enter('ann')
  ann.say('sub', 1, 'room', general, null)
  const [kicked, other] = [get('ann'), get('bob')]
  await clock.advance(0)
  await hub.channel.room(general).kick('ann', 'be nice')
  asked.settle(true)
  await clock.advance(0)
  expect(ann.of('refused')).toEqual([['refused', 1, 'FORBIDDEN', 'be nice']])
  expect(await (await kicked).json()).toEqual({ error: { code: 'FORBIDDEN', message: 'be nice' } })
  expect((await other).status).toBe(200)
  expect(router.inspect().readers).toBe(1)
})

test('the bounded reads of a subscription end with it, answered', async () => {
  const held = later<void>()
  const log = memoryLog()
  const { hub, enter, clock, router } = setUp({
    log: {
      append: (entry) => log.append(entry),
      publish: (item) => log.publish(item),
      async read(topic, from, bounds) {
        await held.promise
        return log.read(topic, from, bounds)
      },
      tail: (listener) => log.tail(listener),
      close: () => log.close(),
    },
  })
  const room = hub.channel.room(general)
  const until = await room.emit('said', { n: 1 })
  const ann = await enter('ann')
  ann.say('sub', 1, 'room', general, null)
  ann.say('sub', 2, 'room', { id: 'other' }, null)
  await clock.advance(0)
  ann.say('read', 3, 1, 'first', until)
  ann.say('read', 4, 2, 'first', until)
  await room.kick('ann', 'be nice')
  ann.say('unsub', 2)
  held.settle()
  await clock.advance(0)
  expect(ann.of('h')).toEqual([])
  expect(ann.of('err')).toMatchObject([
    ['err', 3, { code: 'FORBIDDEN', message: 'be nice' }],
    ['err', 4, { code: 'ABORTED' }],
  ])
  expect(router.inspect()).toMatchObject({ topics: 0, readers: 0 })
})
