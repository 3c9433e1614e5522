import { join } from 'node:path'
import {
  type AnySchema,
  type Contract,
  type ContractTree,
  channel,
  defineContract,
  type Report,
  volatile,
} from '@parley/shared'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { createHub, createRouter, type Hub, type Log, memoryLog } from '../../src/index.js'
import { sqliteLog } from '../../src/logs/sqlite.js'
import { testFolder } from '../logs/sqlite/folder.js'
import { connect, greet, type Peer } from '../peer.js'

/** Everything of a program's version: its contract's one channel, and the hub that serves it over a log. */
function version<Tree extends ContractTree>(contract: Contract<Tree>, log: Log) {
  const reports: Report[] = []
  const hub = createHub(contract, { log, onReport: (report) => reports.push(report) })
  return { hub, reports }
}

/** A channel with one event under this schema. */
const itemOf = <S extends AnySchema>(item: S, upgrade?: (old: unknown) => unknown, version?: string) =>
  defineContract(
    { feed: channel({ events: { item }, ...(upgrade ? { upgrade: { item: upgrade as never } } : {}) }) },
    version === undefined ? {} : { version },
  )

/** A log that two versions share, as two nodes do in the middle of a deploy; closed once, when the test is over. */
function sharedLog(): Log {
  const log = memoryLog()
  onTestFinished(() => log.close())
  return log
}

type Feed = { respond(request: Request): Promise<Response> }

/** The events and gaps that a reader from here gets over SSE, up to a position: `item {"n":1}`, `gap 0-3 incompatible`. */
async function readAll(feed: Feed, until: string, from = 'first'): Promise<string[]> {
  const url = `http://localhost/feed?from=${from}&until=${until}`
  return shown(await (await feed.respond(new Request(url))).text())
}

function shown(text: string): string[] {
  return text.split('\n\n').flatMap((block) => {
    const [, event = '', data = ''] = /^event:(.*)\ndata:(.*)$/m.exec(block) ?? []
    if (event === 'parley.gap') {
      const { after, first, reason } = JSON.parse(data)
      return [`gap ${after.split('-')[1]}-${first.split('-')[1]} ${reason}`]
    }
    return event === '' || event.startsWith('parley.') ? [] : [`${event} ${data}`]
  })
}

/** A WebSocket client of the feed. */
async function joined(
  hub: Hub<never, undefined> | object,
  name = 'ann',
  from: unknown = null,
): Promise<Peer> {
  const router = createRouter(hub as never, { feed: { join: () => true } } as never)
  const peer = connect(router)
  greet(peer, name)
  await expect.poll(() => peer.of('welcome')).toHaveLength(1)
  peer.say('sub', 1, 'feed', null, from)
  await expect.poll(() => peer.of('live')).toHaveLength(1)
  return peer
}

const isEvent = ([tag]: unknown[]): boolean => ['e', 'v', 'p', 'gap', 'h', 'hgap'].includes(tag as string)

test('an event of the same schema goes out as it was written, and `upgrade` is not asked', async () => {
  const log = sharedLog()
  const upgrade = vi.fn()
  const { hub } = version(itemOf(z.object({ n: z.number() }), upgrade), log)
  const last = await hub.channel.feed.emit('item', { n: 1 })
  expect(await readAll(hub.channel.feed, last)).toEqual(['item {"n":1}'])
  expect(upgrade).not.toHaveBeenCalled()
})

test('an event of an older schema that fits today’s goes out as today’s', async () => {
  const log = sharedLog()
  const before = version(itemOf(z.object({ n: z.number(), gone: z.string() })), log)
  await before.hub.channel.feed.emit('item', { n: 1, gone: 'x' })
  const now = version(itemOf(z.object({ n: z.number(), more: z.string().default('none') })), log)
  const last = await now.hub.channel.feed.emit('item', { n: 2 })
  expect(await readAll(now.hub.channel.feed, last)).toEqual([
    'item {"n":1,"more":"none"}',
    'item {"n":2,"more":"none"}',
  ])
})

test('what does not fit is a gap, exactly in its place, and several in a row are one', async () => {
  const log = sharedLog()
  const before = version(itemOf(z.union([z.string(), z.number()])), log)
  for (const item of [1, 'a', 'b', 2, 'c']) await before.hub.channel.feed.emit('item', item)
  const now = version(itemOf(z.number()), log)
  const last = await now.hub.channel.feed.emit('item', 3)
  const { feed } = now.hub.channel
  expect(await readAll(feed, last)).toEqual([
    'item 1',
    'gap 1-3 incompatible',
    'item 2',
    'gap 4-5 incompatible',
    'item 3',
  ])
  const [epoch] = last.split('-')
  expect(await readAll(feed, last, `${epoch}-2`)).toEqual([
    'gap 2-3 incompatible',
    ...['item 2', 'gap 4-5 incompatible', 'item 3'],
  ])
  // behind the last one, whatever came before it
  expect(await readAll(feed, last, `${epoch}-5`)).toEqual(['item 3'])
  expect(now.reports).toEqual([])
})

test('`upgrade` is asked for what does not fit; what it gives is checked and goes out', async () => {
  const log = sharedLog()
  const before = version(itemOf(z.object({ name: z.string(), at: z.date() })), log)
  for (const name of ['Ann Lee', 'Bob', 'nobody']) {
    await before.hub.channel.feed.emit('item', { name, at: new Date(0) })
  }
  const upgrade = (old: unknown) => {
    const { name, at } = old as { name: string; at: Date }
    return name === 'nobody' ? undefined : { names: name.split(' '), year: at.getUTCFullYear() }
  }
  const Item = z.object({ names: z.array(z.string()), year: z.number(), seen: z.boolean().default(false) })
  const now = version(itemOf(Item, upgrade), log)
  const last = await now.hub.channel.feed.emit('item', { names: [], year: 2 })
  expect(await readAll(now.hub.channel.feed, last)).toEqual([
    'item {"names":["Ann","Lee"],"year":1970,"seen":false}',
    'item {"names":["Bob"],"year":1970,"seen":false}',
    'gap 2-3 incompatible',
    'item {"names":[],"year":2,"seen":false}',
  ])
  expect(now.reports).toEqual([])
})

test('an `upgrade` that throws, or gives what does not fit, is reported and counts as incompatible', async () => {
  const log = sharedLog()
  const before = version(itemOf(z.string()), log)
  for (const item of ['throws', 'misfits', 'promises', 'is good'])
    await before.hub.channel.feed.emit('item', item)
  const boom = new Error('boom')
  const upgrade = (old: unknown) => {
    if (old === 'throws') throw boom
    if (old === 'promises') return Promise.resolve({ text: 'later' })
    return { text: old === 'misfits' ? 1 : old }
  }
  const now = version(itemOf(z.object({ text: z.string() }), upgrade), log)
  const last = await now.hub.channel.feed.emit('item', { text: 'new' })
  expect(await readAll(now.hub.channel.feed, last)).toEqual([
    'gap 0-3 incompatible',
    'item {"text":"is good"}',
    'item {"text":"new"}',
  ])
  expect(now.reports).toMatchObject([
    {
      kind: 'incompatible',
      path: 'feed.item',
      message: expect.stringContaining('`upgrade` threw'),
      error: boom,
    },
    { kind: 'incompatible', message: expect.stringContaining('text: ') },
    { kind: 'incompatible', message: expect.stringContaining('does not fit') },
  ])
})

test('a schema that transforms is not asked about what a transform made, `upgrade` is', async () => {
  const log = sharedLog()
  const Twice = z.number().transform((n) => n * 2)
  const before = version(itemOf(z.object({ n: Twice })), log)
  await before.hub.channel.feed.emit('item', { n: 1 })
  const again = z.object({ n: Twice, more: z.string().optional() })
  const without = version(itemOf(again), log)
  const position = await without.hub.channel.feed.emit('item', { n: 5 })
  expect(await readAll(without.hub.channel.feed, position)).toEqual(['gap 0-1 incompatible', 'item {"n":10}'])
  const undo = (old: unknown) => ({ n: (old as { n: number }).n / 2 })
  const upgrading = version(itemOf(again, undo), log)
  expect(await readAll(upgrading.hub.channel.feed, position)).toEqual(['item {"n":2}', 'item {"n":10}'])
})

test('of a schema that may rewrite a value, or that cannot be looked into, only what it leaves as it is goes out', async () => {
  const log = sharedLog()
  const before = version(itemOf(z.string()), log)
  for (const item of ['tidy', ' untidy ']) await before.hub.channel.feed.emit('item', item)
  const trimming = version(itemOf(z.string().trim().max(20)), log)
  const last = await trimming.hub.channel.feed.emit('item', ' new ')
  expect(await readAll(trimming.hub.channel.feed, last)).toEqual([
    'item "tidy"',
    'gap 1-2 incompatible',
    'item "new"',
  ])
  const opaque: AnySchema = {
    '~standard': {
      version: 1,
      vendor: 'house',
      validate: (value: unknown) => ({ value: String(value).toLowerCase() }),
    },
  }
  const { hub } = version(itemOf(opaque, undefined, '2'), log)
  expect(await readAll(hub.channel.feed, last)).toEqual(['item "tidy"', 'item " untidy "', 'item "new"'])
})

test('an event whose name is no longer in the contract is incompatible', async () => {
  const log = sharedLog()
  const before = version(
    defineContract({ feed: channel({ events: { item: z.number(), removed: z.number() } }) }),
    log,
  )
  await before.hub.channel.feed.emit('removed', 1)
  const now = version(itemOf(z.number()), log)
  const last = await now.hub.channel.feed.emit('item', 2)
  expect(await readAll(now.hub.channel.feed, last)).toEqual(['gap 0-1 incompatible', 'item 2'])
})

test('many readers of one old event cost one upgrade', async () => {
  const log = sharedLog()
  const before = version(itemOf(z.string()), log)
  const last = await before.hub.channel.feed.emit('item', '1')
  const upgrade = vi.fn((old: unknown) => Number(old))
  const now = version(itemOf(z.number(), upgrade), log)
  for (let n = 0; n < 20; n++) expect(await readAll(now.hub.channel.feed, last)).toEqual(['item 1'])
  expect(upgrade).toHaveBeenCalledTimes(1)
})

test('a WebSocket gets what another node emits under another schema live: what fits, else a gap', async () => {
  const log = sharedLog()
  const before = version(itemOf(z.union([z.string(), z.number()])), log)
  const now = version(itemOf(z.number()), log)
  const peer = await joined(now.hub)
  for (const item of [1, 'a', 2]) await before.hub.channel.feed.emit('item', item)
  const epoch = peer.of('welcome')[0]![1].epoch
  expect(peer.frames.filter(isEvent)).toEqual([
    ['e', 1, 1, 'item', 1],
    ['gap', 1, `${epoch}-1`, `${epoch}-2`, 'incompatible'],
    ['e', 1, 3, 'item', 2],
  ])
})

test('an SSE reader gets what another node emits under another schema live: what fits, else a gap', async () => {
  const log = sharedLog()
  const before = version(itemOf(z.union([z.string(), z.number()])), log)
  const now = version(itemOf(z.number()), log)
  const response = await now.hub.channel.feed.respond(new Request('http://localhost/feed'))
  for (const item of [1, 'a', 2]) await before.hub.channel.feed.emit('item', item)
  await now.hub.close()
  expect(shown(await response.text())).toEqual(['item 1', 'gap 1-2 incompatible', 'item 2'])
})

test('a bounded read, and a reader that comes back, find the same gaps', async () => {
  const log = sharedLog()
  const before = version(itemOf(z.union([z.string(), z.number()])), log)
  const now = version(itemOf(z.number()), log)
  const peer = await joined(now.hub)
  for (const item of [1, 'a', 'b', 2]) await before.hub.channel.feed.emit('item', item)
  const { epoch } = peer.of('welcome')[0]![1]
  peer.say('read', 2, 1, 'first', `${epoch}-4`)
  await expect.poll(() => peer.of('hend')).toHaveLength(1)
  const wanted = (event: string, gap: string, of: number) => [
    [event, of, 1, 'item', 1],
    [gap, of, `${epoch}-1`, `${epoch}-3`, 'incompatible'],
    [event, of, 4, 'item', 2],
  ]
  expect([...peer.of('h'), ...peer.of('hgap')].length).toBe(3)
  expect(peer.frames.filter(([tag]) => tag === 'h' || tag === 'hgap')).toEqual(wanted('h', 'hgap', 2))
  const second = await joined(now.hub, 'bob', 'first')
  expect(second.frames.filter(isEvent)).toEqual(wanted('e', 'gap', 1))
})

test('a client that an old event leaves out is told of no gap, only that the position moved', async () => {
  const log = sharedLog()
  const now = version(itemOf(z.number()), log)
  const [ann, bob] = [await joined(now.hub, 'ann'), await joined(now.hub, 'bob')]
  await log.append({
    topic: { key: 'feed', retention: { last: 10, forMs: 60_000, bytes: 10_000 } },
    id: 'x',
    name: 'item',
    data: { json: '"old"' },
    schema: 'another',
    except: 'ann'.padEnd(22, '0'),
  })
  expect(ann.frames.filter(isEvent)).toEqual([['p', 1, 1]])
  expect(bob.of('gap')).toHaveLength(1)
  const again = await joined(now.hub, 'ann', 'first')
  expect(again.frames.filter(isEvent)).toEqual([['p', 1, 1]])
})

test('a volatile event that today’s contract does not know, or cannot read, is dropped and told of once', async () => {
  const log = sharedLog()
  const events = { item: z.number(), hint: volatile(z.string()), removed: volatile(z.string()) }
  const before = version(defineContract({ feed: channel({ events }) }), log)
  const today = { item: z.number(), hint: volatile(z.number()) }
  const now = version(defineContract({ feed: channel({ events: today }) }), log)
  const peer = await joined(now.hub)
  for (const text of ['a', 'b', 'c']) {
    await before.hub.channel.feed.emit('hint', text)
    await before.hub.channel.feed.emit('removed', text)
  }
  await now.hub.channel.feed.emit('hint', 1)
  expect(peer.frames.filter(isEvent)).toEqual([['v', 1, 'hint', 1]])
  expect(now.reports.map(({ kind, path }) => [kind, path])).toEqual([
    ['incompatible', 'feed.hint'],
    ['incompatible', 'feed.removed'],
  ])
})

test('after a restart with another schema, a log on a file gives its old events as today’s, or gaps', async () => {
  const path = join(testFolder(), 'events.db')
  const before = version(itemOf(z.union([z.string(), z.number(), z.date()])), sqliteLog(path))
  for (const item of [1, '2', new Date(3), 'no number']) await before.hub.channel.feed.emit('item', item)
  await before.hub.close()

  const upgrade = (old: unknown) => (Number.isNaN(Number(old)) ? undefined : Number(old))
  const now = version(itemOf(z.number(), upgrade), sqliteLog(path))
  const last = await now.hub.channel.feed.emit('item', 5)
  expect(await readAll(now.hub.channel.feed, last)).toEqual([
    'item 1',
    'item 2',
    'item 3',
    'gap 3-4 incompatible',
    'item 5',
  ])
  await now.hub.close()
})

test('whatever was written, a reader from anywhere gets each event of today, made to fit or as a gap, once and in order', async () => {
  const written = fc.array(fc.constantFrom('today', 'fits', 'upgrades', 'misfits'), {
    minLength: 1,
    maxLength: 40,
  })
  await fc.assert(
    fc.asyncProperty(written, fc.nat(), async (kinds, place) => {
      const log = memoryLog()
      const upgrade = (old: unknown) => (typeof old === 'string' ? undefined : -(old as { old: number }).old)
      const Old = z.union([z.number(), z.string(), z.object({ old: z.number() })])
      const [before, now] = [version(itemOf(Old), log), version(itemOf(z.number(), upgrade), log)]
      let last = ''
      for (const [i, kind] of kinds.entries()) {
        const n = i + 1
        if (kind === 'today') last = await now.hub.channel.feed.emit('item', n)
        else
          last = await before.hub.channel.feed.emit(
            'item',
            kind === 'fits' ? n : kind === 'upgrades' ? { old: -n } : `${n}`,
          )
      }
      const from = place % (kinds.length + 1)
      const [epoch] = last.split('-')
      const got = await readAll(now.hub.channel.feed, last, `${epoch}-${from}`)
      const covered = got.flatMap((line) => {
        const [, after, first] = /^gap (\d+)-(\d+)/.exec(line) ?? []
        if (first === undefined) return [`item ${Math.abs(Number(line.split(' ')[1]))}`]
        return Array.from({ length: Number(first) - Number(after) }, (_, i) => `gap ${Number(after) + i + 1}`)
      })
      expect(covered).toEqual(
        kinds.map((kind, i) => `${kind === 'misfits' ? 'gap' : 'item'} ${i + 1}`).slice(from),
      )
      await log.close()
    }),
    { numRuns: 60 },
  )
})
