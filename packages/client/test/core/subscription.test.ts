import { expect, test } from 'vitest'
import { Subscription, type SubscriptionOptions } from '../../src/core/subscription.js'

const at = (offset: number, epoch = 'e') => ({ epoch, offset })
const event = (offset: number | undefined, name = 'n') => ({
  name,
  data: offset ?? 0,
  position: offset === undefined ? undefined : at(offset),
})

function topic(options: Partial<SubscriptionOptions> = {}): Subscription<number> {
  return new Subscription({ lingerMs: 1_000, unreadEvents: 4, readRetryMs: 500, latest: false, ...options })
}

/** A topic that is live at 10 for reader 1. */
function liveAt10(options?: Partial<SubscriptionOptions>): Subscription<number> {
  const machine = topic(options)
  machine.up()
  machine.addReader(1)
  machine.joined(at(10))
  machine.live(at(10))
  return machine
}

test('nothing is asked of the wire before a reader is there and the connection is up', () => {
  const machine = topic()
  expect(machine.up()).toEqual([])
  machine.down()
  expect(machine.addReader(1)).toEqual([{ type: 'status', status: { status: 'joining' } }])
  expect(machine.up()).toEqual([{ type: 'subscribe', from: 'now' }])
})

test('a topic on which nothing was ever emitted resumes from the position it joined at', () => {
  const machine = liveAt10()
  expect(machine.down()).toEqual([{ type: 'status', status: { status: 'joining' } }])
  expect(machine.up()).toEqual([{ type: 'subscribe', from: at(10) }])
})

test('a cut before the topic was joined asks for the same start again', () => {
  const machine = topic()
  machine.up()
  machine.addReader(1, { last: 5 })
  machine.down()
  expect(machine.up()).toEqual([{ type: 'subscribe', from: { last: 5 } }])
})

test('an event without a position never wipes the position', () => {
  const machine = liveAt10()
  machine.event(event(12))
  expect(machine.event(event(undefined, 'typing'))).toMatchObject([{ type: 'deliver', reader: 1 }])
  machine.down()
  expect(machine.up()).toEqual([{ type: 'subscribe', from: at(12) }])
})

test('an event that was replayed is not delivered again', () => {
  const machine = liveAt10()
  machine.event(event(12))
  machine.down()
  machine.up()
  machine.joined(at(11))
  expect(machine.event(event(12))).toEqual([])
  expect(machine.event(event(13))).toMatchObject([{ type: 'deliver', replayed: true }])
})

test('a read that is answered from a later epoch than it was asked in brings nothing that the stream brings again', () => {
  const machine = liveAt10({ unreadEvents: 10 })
  machine.addReader(2, at(3))
  const reset = { after: at(12), first: at(11, 'f'), reason: 'reset' as const }
  const ofNewEpoch = (offset: number) => ({ name: 'n', data: offset, position: at(offset, 'f') })
  machine.event(event(11)) // survives
  machine.event(event(12)) // is lost
  machine.gap(reset)
  machine.event(ofNewEpoch(12))
  const read = [
    ...machine.readGap(1, { after: at(3), first: at(10, 'f'), reason: 'trimmed' }),
    ...machine.readEvent(1, ofNewEpoch(11)),
    ...machine.readEvent(1, ofNewEpoch(12)),
  ]
  expect(read.map(({ type }) => type)).toEqual(['gap', 'deliver', 'deliver'])
  // the stream has it all the same; where the read ended is known by what it brought alone
  machine.event(ofNewEpoch(13))
  const on = { type: 'read', read: 2, from: at(12, 'f'), until: at(13, 'f') }
  expect(machine.readEnd(1, 'f')).toEqual([on])
  expect(machine.readEvent(2, ofNewEpoch(13))).toMatchObject([{ reader: 2, event: { data: 13 } }])
  expect(machine.readEnd(2, 'f')).toEqual([])
})

test('a read that is answered from a later epoch, and ends early in it, leaves out nothing', () => {
  const machine = liveAt10({ unreadEvents: 10 })
  machine.addReader(2, at(3))
  machine.event(event(11)) // survives
  machine.gap({ after: at(11), first: at(11, 'f'), reason: 'reset' })
  machine.readEvent(1, { name: 'n', data: 4, position: at(4, 'f') })
  expect(machine.readEnd(1, 'f')).toEqual([{ type: 'read', read: 2, from: at(4, 'f'), until: at(11, 'f') }])
})

test('a reader that knows of a later epoch than the stream waits until the stream has come to it', () => {
  const machine = liveAt10()
  machine.addReader(2, at(3))
  machine.readEvent(1, { name: 'n', data: 4, position: at(4, 'f') })
  expect(machine.readEnd(1, 'f')).toEqual([])
  expect(machine.elapsed('reads')).toEqual([])
  expect(machine.gap({ after: at(10), first: at(9, 'f'), reason: 'reset' })).toMatchObject([
    { type: 'gap', reader: 1 },
    { type: 'read', read: 2, from: at(4, 'f'), until: at(9, 'f') },
  ])
})

test('a reader that begins in a later epoch than the stream gets nothing from before its position when the stream comes there', () => {
  const machine = liveAt10()
  machine.addReader(2, at(9, 'f'))
  expect(machine.readEnd(1, 'f')).toEqual([])
  machine.gap({ after: at(10), first: at(8, 'f'), reason: 'reset' })
  const next = (offset: number) => machine.event({ name: 'n', data: offset, position: at(offset, 'f') })
  expect(next(9)).toMatchObject([{ reader: 1 }])
  expect(next(10)).toMatchObject([{ reader: 1 }, { reader: 2 }])
})

test('a read that brings nothing, answered from a later epoch, ends nowhere that the stream is: nothing comes twice', () => {
  const machine = liveAt10()
  expect(machine.addReader(2, at(9, 'f'))).toEqual([
    { type: 'read', read: 1, from: at(9, 'f'), until: at(10) },
  ])
  expect(machine.readEnd(1, 'f')).toEqual([])
  expect(machine.event(event(11))).toMatchObject([{ type: 'deliver', reader: 1 }])
  // what the stream brought in its old epoch is lost: the reader, which knows of no more than the new one, missed nothing
  expect(machine.gap({ after: at(11), first: at(8, 'f'), reason: 'reset' })).toMatchObject([
    { type: 'gap', reader: 1 },
  ])
  const next = (offset: number) => machine.event({ name: 'n', data: offset, position: at(offset, 'f') })
  expect(next(9)).toMatchObject([{ reader: 1 }])
  expect(next(10)).toMatchObject([{ reader: 1 }, { reader: 2 }])
})

test('a reader ahead of the stream, in the words of an epoch before, gets nothing from before its own position', () => {
  const machine = topic()
  machine.up()
  machine.addReader(1)
  machine.joined(at(4, 'f'))
  machine.live(at(4, 'f'))
  expect(machine.addReader(2, at(9))).toEqual([{ type: 'read', read: 1, from: at(9), until: at(4, 'f') }])
  const next = (offset: number) => machine.event({ name: 'n', data: offset, position: at(offset, 'f') })
  expect(next(5)).toMatchObject([{ reader: 1 }])
  expect(machine.readEnd(1, 'f', at(9, 'f'))).toEqual([])
  expect(next(9)).toMatchObject([{ reader: 1 }])
  expect(next(10)).toMatchObject([{ reader: 1 }, { reader: 2 }])
})

test('a reader whose epoch the stream passes over goes on from its own position once the stream is past it', () => {
  const machine = liveAt10()
  machine.addReader(2, at(9, 'f'))
  expect(machine.readEnd(1, 'f')).toEqual([])
  expect(machine.gap({ after: at(10), first: at(8, 'g'), reason: 'reset' })).toMatchObject([
    { type: 'gap', reader: 1 },
    { type: 'read', read: 2, from: at(9, 'f'), until: at(8, 'g') },
  ])
})

test('a reader from now that comes before the gap of a topic that moves begins where that topic was', () => {
  const machine = liveAt10()
  machine.rejoin()
  machine.joined(at(0, 'f')) // which says nothing
  expect(machine.addReader(2)).toEqual([])
  const gap = { after: at(10), first: at(8, 'f'), reason: 'reset' as const }
  expect(machine.gap(gap)).toEqual([1, 2].map((reader) => ({ type: 'gap', reader, gap })))
})

test('a reader ahead of a stream that goes on in a new epoch gets nothing from before its own position', () => {
  const machine = topic()
  machine.up()
  machine.addReader(1, 'first')
  machine.joined(at(0))
  machine.event(event(1))
  machine.addReader(2, at(8))
  expect(machine.event({ name: 'n', data: 2, position: at(2, 'f') })).toMatchObject([{ reader: 1 }])
  expect(machine.live(at(9, 'f'))).toMatchObject([
    { type: 'status' },
    { type: 'read', from: at(8), until: at(9, 'f') },
  ])
})

test('an event of a new epoch is delivered though its offset is lower', () => {
  const machine = liveAt10()
  expect(machine.event({ name: 'n', data: 3, position: at(3, 'f') })).toMatchObject([{ type: 'deliver' }])
})

test('what comes before the live mark is replayed, what comes after it is not', () => {
  const machine = topic()
  machine.up()
  machine.addReader(1, 'first')
  machine.joined(at(0))
  expect(machine.event(event(1))).toMatchObject([{ replayed: true }])
  expect(machine.live(at(1))).toEqual([{ type: 'status', status: { status: 'live' } }])
  expect(machine.event(event(2))).toMatchObject([{ replayed: false }])
})

test('a reader that joins a live topic begins at its current position', () => {
  const machine = liveAt10()
  expect(machine.addReader(2)).toEqual([])
  expect(machine.event(event(11))).toMatchObject([{ reader: 1 }, { reader: 2 }])
})

test('a reader from now is not given what others have replayed to them', () => {
  const machine = topic()
  machine.up()
  machine.addReader(1, 'first')
  machine.addReader(2)
  machine.joined(at(0))
  machine.addReader(3)
  expect(machine.event(event(1))).toMatchObject([{ reader: 1 }])
  machine.live(at(1))
  expect(machine.event(event(2))).toMatchObject([{ reader: 1 }, { reader: 2 }, { reader: 3 }])
})

test('a reader of the last n reads them once the stream has caught up, and none that are older', () => {
  const machine = topic()
  machine.up()
  machine.addReader(1, 'first')
  machine.joined(at(1))
  expect(machine.addReader(2, { last: 2 })).toEqual([])
  expect(machine.event(event(5))).toMatchObject([{ type: 'deliver', reader: 1 }])
  expect(machine.live(at(10))).toContainEqual({ type: 'read', read: 1, from: { last: 2 }, until: at(10) })
})

test('the last n are counted once, and a cut before the first of them loses nothing that came after', () => {
  const machine = liveAt10()
  expect(machine.addReader(2, { last: 1 })).toEqual([
    { type: 'read', read: 1, from: { last: 1 }, until: at(10) },
  ])
  machine.event(event(11))
  machine.down()
  machine.up()
  expect(machine.joined(at(11))).toContainEqual({ type: 'read', read: 2, from: { last: 1 }, until: at(10) })
  machine.event(event(12))
  expect(machine.readEvent(2, event(9))).toMatchObject([{ type: 'deliver', reader: 2 }])
  expect(machine.readEnd(2, 'e')).toEqual([{ type: 'read', read: 3, from: at(10), until: at(12) }])
  expect(machine.readEvent(3, event(11))).toMatchObject([{ type: 'deliver', reader: 2 }])
})

test('a read of all that is kept, begun anew after a cut, is followed by what came since, or by a gap', () => {
  const machine = liveAt10()
  machine.addReader(2, 'first')
  machine.event(event(11))
  machine.down()
  machine.up()
  expect(machine.joined(at(11))).toContainEqual({ type: 'read', read: 2, from: 'first', until: at(10) })
  machine.refused('FORBIDDEN')
  machine.retry()
  // the log has given up everything up to 20 since
  expect(machine.joined(at(20))).toContainEqual({ type: 'read', read: 3, from: 'first', until: at(10) })
  machine.live(at(30))
  expect(machine.readEnd(3, 'e')).toEqual([{ type: 'read', read: 4, from: at(10), until: at(30) }])
})

test('a reader from now joins at once where the stream itself began now', () => {
  const machine = topic()
  machine.up()
  machine.addReader(1)
  machine.addReader(2)
  machine.joined(at(10))
  expect(machine.event(event(11))).toMatchObject([{ reader: 1 }, { reader: 2 }])
})

test('readers that ask for the same start before it is joined share it without a read', () => {
  const machine = topic()
  machine.up()
  machine.addReader(1, { last: 5 })
  machine.addReader(2, { last: 5 })
  expect(machine.joined(at(3))).toEqual([{ type: 'status', status: { status: 'catching-up' } }])
  expect(machine.event(event(4))).toMatchObject([{ reader: 1 }, { reader: 2 }])
})

test('a reader that starts further back reads up to the stream alone, then gets what came meanwhile', () => {
  const machine = liveAt10()
  expect(machine.addReader(2, at(7))).toEqual([{ type: 'read', read: 1, from: at(7), until: at(10) }])
  expect(machine.event(event(11))).toMatchObject([{ reader: 1, replayed: false }])
  expect(machine.readEvent(1, event(8))).toMatchObject([{ reader: 2, replayed: true, event: { data: 8 } }])
  expect(machine.readEnd(1, 'e')).toMatchObject([{ reader: 2, replayed: false, event: { data: 11 } }])
  expect(machine.event(event(12))).toMatchObject([{ reader: 1 }, { reader: 2 }])
})

test('a reader for which too much came while it was reading reads on, and loses nothing', () => {
  const machine = liveAt10({ unreadEvents: 2 })
  machine.addReader(2, 'first')
  for (const offset of [11, 12, 13]) machine.event(event(offset))
  expect(machine.readEnd(1, 'e')).toEqual([{ type: 'read', read: 2, from: at(10), until: at(13) }])
  machine.event(event(14))
  for (const offset of [11, 12, 13]) machine.readEvent(2, event(offset))
  expect(machine.readEnd(2, 'e')).toMatchObject([{ reader: 2, event: { data: 14 } }])
})

test('a bounded read that a cut interrupted goes on from where the reader is', () => {
  const machine = liveAt10()
  machine.addReader(2, 'first')
  machine.readEvent(1, event(6))
  machine.down()
  expect(machine.readEvent(1, event(7))).toEqual([]) // a late frame of the connection that is gone
  machine.up()
  expect(machine.joined(at(10))).toContainEqual({ type: 'read', read: 2, from: at(6), until: at(10) })
})

test('a bounded read that the server refused is tried again from where the reader is', () => {
  const machine = liveAt10()
  machine.addReader(2, 'first')
  machine.readEvent(1, event(6))
  expect(machine.readFailed(1)).toEqual([{ type: 'arm', timer: 'reads', ms: 500 }])
  expect(machine.elapsed('reads')).toEqual([{ type: 'read', read: 2, from: at(6), until: at(10) }])
})

test('a reader that is ahead of the stream only skips what it has had', () => {
  const machine = liveAt10()
  expect(machine.addReader(2, at(12))).toEqual([])
  expect(machine.event(event(12))).toMatchObject([{ reader: 1 }])
  expect(machine.event(event(13))).toMatchObject([{ reader: 1 }, { reader: 2 }])
})

test('a gap reaches each reader that it concerns, from where that reader is', () => {
  const machine = liveAt10()
  machine.addReader(2, at(15))
  machine.addReader(3, at(90))
  expect(machine.gap({ after: at(10), first: at(50), reason: 'trimmed' })).toEqual([
    { type: 'gap', reader: 1, gap: { after: at(10), first: at(50), reason: 'trimmed' } },
    { type: 'gap', reader: 2, gap: { after: at(15), first: at(50), reason: 'trimmed' } },
  ])
  expect(machine.event(event(51))).toMatchObject([{ reader: 1 }, { reader: 2 }])
})

test('a cut between the confirmation and the gap behind it does not swallow the gap', () => {
  const machine = liveAt10()
  machine.down()
  machine.up()
  machine.joined(at(90))
  machine.down()
  expect(machine.up()).toEqual([{ type: 'subscribe', from: at(10) }])
})

test('a reader that comes back while the topic lingers causes no leave, no join and no hole', () => {
  const machine = liveAt10()
  expect(machine.removeReader(1)).toEqual([{ type: 'arm', timer: 'linger', ms: 1_000 }])
  machine.event(event(11))
  expect(machine.addReader(2)).toEqual([{ type: 'disarm', timer: 'linger' }])
  expect(machine.elapsed('linger')).toEqual([])
  expect(machine.event(event(12))).toMatchObject([{ reader: 2, event: { data: 12 } }])
})

test('a topic that nobody comes back to is left', () => {
  const machine = liveAt10()
  machine.removeReader(1)
  expect(machine.elapsed('linger')).toEqual([
    { type: 'unsubscribe' },
    { type: 'status', status: { status: 'idle' } },
  ])
  expect(machine.event(event(11))).toEqual([])
  expect(machine.addReader(2)).toContainEqual({ type: 'subscribe', from: 'now' })
})

test('a topic that was left while the connection was away is not asked for again', () => {
  const machine = liveAt10()
  machine.down()
  machine.removeReader(1)
  expect(machine.elapsed('linger')).toEqual([{ type: 'status', status: { status: 'idle' } }])
  expect(machine.up()).toEqual([])
})

test('a reader that leaves while it reads gives its read up', () => {
  const machine = liveAt10()
  machine.addReader(2, 'first')
  expect(machine.removeReader(2)).toEqual([{ type: 'cancel-read', read: 1 }])
  expect(machine.readEvent(1, event(3))).toEqual([])
})

test('on a channel that keeps the newest only, a reader without a start begins at the first kept', () => {
  const machine = topic({ latest: true })
  machine.up()
  expect(machine.addReader(1)).toContainEqual({ type: 'subscribe', from: 'first' })
  machine.joined(at(0))
  machine.event(event(4))
  machine.live(at(10))
  expect(machine.addReader(2)).toEqual([{ type: 'read', read: 1, from: 'first', until: at(10) }])
})

test('a refused topic ends, is not asked for by a reconnection, and goes on from its position when retried', () => {
  const machine = liveAt10()
  machine.event(event(12))
  expect(machine.refused('FORBIDDEN')).toEqual([
    { type: 'status', status: { status: 'refused', code: 'FORBIDDEN' } },
  ])
  expect(machine.event(event(13))).toEqual([])
  machine.down()
  expect(machine.up()).toEqual([])
  expect(machine.retry()).toEqual([
    { type: 'status', status: { status: 'joining' } },
    { type: 'subscribe', from: at(12) },
  ])
})

test('a second live mark, after a slow spell, changes nothing but the position', () => {
  const machine = liveAt10()
  expect(machine.live(at(20))).toEqual([])
  machine.down()
  expect(machine.up()).toEqual([{ type: 'subscribe', from: at(20) }])
})

test('a move without an event is a position to come back with', () => {
  const machine = liveAt10()
  expect(machine.moved(at(14))).toEqual([])
  machine.down()
  expect(machine.up()).toEqual([{ type: 'subscribe', from: at(14) }])
})

test('a topic whose connection is replaced reads on from its position, and stays live for whoever looks', () => {
  const machine = liveAt10()
  machine.event(event(12))
  expect(machine.rejoin()).toEqual([{ type: 'subscribe', from: at(12) }])
  expect(machine.event(event(13))).toEqual([]) // by the connection before
  expect(machine.joined(at(12))).toEqual([])
  expect(machine.event(event(13))).toMatchObject([{ type: 'deliver', event: { data: 13 }, replayed: true }])
  expect(machine.live(at(13))).toEqual([])
  expect(machine.event(event(14))).toMatchObject([{ type: 'deliver', replayed: false }])
  expect(machine.status).toEqual({ status: 'live' })
})

test('a reader that comes while the connection is replaced misses nothing from then on', () => {
  const machine = liveAt10()
  machine.rejoin()
  expect(machine.addReader(2)).toEqual([])
  machine.joined(at(10))
  expect(machine.event(event(11))).toMatchObject([{ reader: 1 }, { reader: 2 }])
  machine.addReader(3)
  expect(machine.event(event(12))).toMatchObject([{ reader: 1 }, { reader: 2 }, { reader: 3 }])
})

test('a reader of the past that comes while the connection is replaced has its past end where the topic was live', () => {
  const machine = liveAt10()
  machine.rejoin()
  machine.addReader(2, 'first')
  const past = (read: number) => ({ type: 'read', read, from: 'first', until: at(10) })
  expect(machine.joined(at(0, 'f'))).toEqual([past(1)])
  machine.gap({ after: at(10), first: at(90, 'f'), reason: 'trimmed' })
  machine.live(at(95, 'f'))
  // nothing is left of what there was as it came; what came after that, and is gone as well, it hears of
  expect(machine.readEnd(1, 'f')).toEqual([past(2)])
  expect(machine.readEnd(2, 'f')).toEqual([{ type: 'read', read: 3, from: at(10), until: at(95, 'f') }])
})

test('a topic that the next connection does not get, or that loses it too, says so', () => {
  const refused = liveAt10()
  refused.rejoin()
  expect(refused.refused('FORBIDDEN')).toEqual([
    { type: 'status', status: { status: 'refused', code: 'FORBIDDEN' } },
  ])
  const lost = liveAt10()
  lost.rejoin()
  expect(lost.down()).toEqual([{ type: 'status', status: { status: 'joining' } }])
  expect(lost.up()).toEqual([{ type: 'subscribe', from: at(10) }])
})

test('a topic that was still joining as its connection was replaced joins on the next one', () => {
  const machine = topic()
  machine.up()
  machine.addReader(1)
  expect(machine.rejoin()).toEqual([{ type: 'subscribe', from: 'now' }])
  expect(machine.joined(at(10))).toEqual([{ type: 'status', status: { status: 'catching-up' } }])
  expect(topic().rejoin()).toEqual([]) // nobody reads it
})
