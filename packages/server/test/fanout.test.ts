import type { Encoded } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { Lookout } from '../src/fanout/lookout.js'
import type { Member, NativeGroup, NativeSocket } from '../src/fanout/member.js'
import { LiveTopic, type LiveTopicOptions } from '../src/fanout.js'
import type { Entry } from '../src/logs/log.js'

const queuedBytes = 1_048_576

/** A server whose one slow socket takes nothing: whatever is published to it stays queued. */
function slowSocket() {
  const joined = new Set<string>()
  const socket = { queued: 0, deepest: 0 }
  const group: NativeGroup = {
    publish(name, data) {
      if (!joined.has(name)) return data.length
      socket.queued += data.length
      socket.deepest = Math.max(socket.deepest, socket.queued)
      return -1
    },
  }
  const native: NativeSocket = {
    group,
    subscribe: (name) => joined.add(name),
    unsubscribe: (name) => joined.delete(name),
  }
  return { socket, native, joined }
}

function topic(number: number, options: Partial<LiveTopicOptions> = {}) {
  return new LiveTopic({
    key: `t${number}`,
    number,
    nativeName: `t${number}`,
    times: false,
    queuedBytes,
    toText: (data: Encoded) => data,
    fit: { entry: (entry) => entry, volatile: (item) => item },
    node: { epoch: 'e', tail: 0, volatileDropped: 0 },
    lookout: new Lookout(queuedBytes),
    ...options,
  })
}

function entry(topic: string, offset: number, data: Encoded): Entry {
  return { topic, id: '', name: 'n', data, schema: '', offset, at: 0 }
}

const text = (length: number): Encoded => ({ json: JSON.stringify('x'.repeat(length - 2)) })

test('a stalled socket on many topics queues little more than its bound, however the events are spread', () => {
  const { socket, native, joined } = slowSocket()
  const lookout = new Lookout(queuedBytes)
  const topics = Array.from({ length: 128 }, (_, n) => topic(n, { lookout }))
  for (const one of topics) {
    const member: Member = {
      client: undefined,
      native,
      deliver: () => true,
      moved: () => {},
      queued: () => socket.queued,
      overflowed: () => one.detach(member),
      doubtful: () => {},
    }
    one.attach(member)
  }
  let offset = 0
  for (let round = 0; round < 60; round++) {
    for (const one of topics) one.entry(entry(one.key, ++offset, text(4_000)), offset - 1)
  }
  expect(socket.deepest).toBeLessThan(queuedBytes + 512 * 1_024)
  expect(joined.size).toBe(0)
})

test('the bytes of recent events are counted whole, blobs included, and what is too much goes', () => {
  const one = topic(1)
  const blob = new Uint8Array(100_000)
  for (let offset = 1; offset <= 20; offset++) {
    one.entry(entry('t1', offset, { json: '0', meta: '{}', blobs: [blob] }), offset - 1)
  }
  expect(one.recent(one.since).length).toBeLessThanOrEqual(2)
  expect(one.recent(one.since).map(({ offset }) => offset)).toContain(20)
  one.entry(entry('t1', 21, { json: '0', meta: '{}', blobs: [new Uint8Array(1_000_000)] }), 20)
  expect(one.recent(one.since)).toEqual([])
  expect(one.since).toBe(21)
})

test('the recent events above a position are those, and no array is made for a reader that has them all', () => {
  const one = topic(1)
  for (const offset of [2, 5, 9]) one.entry(entry('t1', offset, text(10)), offset - 1)
  const offsets = (from: number) => one.recent(from).map(({ offset }) => offset)
  expect([0, 2, 4, 5, 8, 9].map(offsets)).toEqual([[2, 5, 9], [5, 9], [5, 9], [9], [9], []])
  expect(one.recent(9)).toBe(one.recent(10))
})

test('an event that today’s schema cannot read is published natively as a gap, the same bytes for every socket', () => {
  const published: unknown[] = []
  const native: NativeSocket = {
    group: { publish: (_, data) => published.push(data) },
    subscribe: () => {},
    unsubscribe: () => {},
  }
  const fit = { entry: (one: Entry) => ({ ...one, incompatible: true as const }), volatile: () => undefined }
  const node = { epoch: 'e', tail: 0, volatileDropped: 0 }
  const one = topic(1, { fit, node })
  one.readers = 1
  const member: Member = {
    client: undefined,
    native,
    deliver: () => true,
    moved: () => {},
    queued: () => 0,
    overflowed: () => {},
    doubtful: () => {},
  }
  one.attach(member)
  one.entry(entry('t1', 5, text(10)), 3)
  one.volatile({ topic: 't1', name: 'n', data: text(10), schema: '' })
  expect(published).toEqual(['["gap",1,"e-4","e-5","incompatible"]'])
  expect(node.volatileDropped).toBe(1)
})
