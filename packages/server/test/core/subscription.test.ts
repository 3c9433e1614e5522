import { expect, test } from 'vitest'
import { type Order, Subscription, type TopicView } from '../../src/core/subscription.js'
import type { Entry, Page } from '../../src/logs/log.js'

const epoch = 'e1'
const at = (offset: number, in_ = epoch) => ({ epoch: in_, offset })

function entry(offset: number, except?: string): Entry {
  const rest = except === undefined ? {} : { except }
  return { topic: 't', id: `i${offset}`, name: 'n', data: { json: '1' }, schema: 's', offset, at: 0, ...rest }
}

/** What a node knows: `recent` above `since`, up to `tail`. */
function view(tail: number, since = tail, recent: number[] = [], in_ = epoch): TopicView {
  return {
    epoch: in_,
    tail,
    since,
    recent: (offset) => recent.filter((o) => o > offset).map((o) => entry(o)),
  }
}

function page(offsets: number[], position: number, done: boolean, more: Partial<Page> = {}): Page {
  const start = at(offsets[0] === undefined ? position : offsets[0] - 1)
  return { start, entries: offsets.map((o) => entry(o)), position: at(position), done, ...more }
}

/** Orders in short: `entry 3`, `attach 5`. */
function short(orders: readonly Order[]): string[] {
  return orders.map((order) => {
    switch (order.type) {
      case 'confirm':
        return `confirm ${order.position.epoch}-${order.position.offset}`
      case 'entry':
        return `entry ${order.entry.offset}`
      case 'moved':
      case 'attach':
        return `${order.type} ${order.offset}`
      case 'gap':
        return `gap ${order.gap.after.offset}-${order.gap.first.offset} ${order.gap.reason}`
      case 'read':
        return `read ${typeof order.from === 'object' && 'epoch' in order.from ? order.from.offset : JSON.stringify(order.from)}`
      default:
        return order.type
    }
  })
}

test('a reader that starts now is live at once, at the position of the node', () => {
  expect(short(new Subscription().start('now', view(7)))).toEqual(['confirm e1-7', 'attach 7'])
})

test('a position that the recent events cover needs no read of the log', () => {
  const orders = new Subscription().start(at(5), view(9, 4, [3, 6, 8]))
  expect(short(orders)).toEqual(['confirm e1-5', 'entry 6', 'entry 8', 'attach 9'])
})

test('an older position is confirmed as it is and read from the log, page by page, then meets the recent events', () => {
  const subscription = new Subscription()
  expect(short(subscription.start(at(1), view(20, 10)))).toEqual(['confirm e1-1', 'read 1'])
  expect(short(subscription.page(page([2, 4], 4, false), view(20, 10), false))).toEqual([
    'entry 2',
    'entry 4',
    'read 4',
  ])
  // the log stood at 12 when it was read; 15 came in the meantime
  expect(short(subscription.page(page([11], 12, true), view(20, 10, [11, 15]), false))).toEqual([
    'entry 11',
    'entry 15',
    'attach 20',
  ])
  expect(subscription.mode).toBe('live')
})

test('a read that is ahead of the node waits for the tail, and what the tail brings up to there is not sent again', () => {
  const subscription = new Subscription()
  subscription.start('first', view(5))
  expect(short(subscription.page(page([6, 8], 8, true), view(5), false))).toEqual([
    'confirm e1-5',
    'entry 6',
    'entry 8',
    'await-tail',
  ])
  expect(short(subscription.advanced(view(6, 5, [6])))).toEqual(['await-tail'])
  expect(short(subscription.advanced(view(9, 5, [6, 8, 9])))).toEqual(['entry 9', 'attach 9'])
})

test('when the recent events no longer reach back to the page, the log is read again', () => {
  const subscription = new Subscription()
  subscription.start({ last: 3 }, view(5))
  expect(short(subscription.page(page([4], 5, true), view(900, 700, [800]), false))).toEqual([
    'confirm e1-3',
    'entry 4',
    'read 5',
  ])
})

test('a gap stands in its place, also in the middle of a recovery', () => {
  const subscription = new Subscription()
  subscription.start(at(1), view(90, 80))
  subscription.page(page([2], 2, false), view(90, 80), false)
  const gap = { after: at(2), first: at(50), reason: 'trimmed' as const }
  expect(short(subscription.page(page([51], 90, true, { gap }), view(90, 80), false))).toEqual([
    'gap 2-50 trimmed',
    'entry 51',
    'attach 90',
  ])
})

test('a reader with a full queue waits until it has drained before the next page is read', () => {
  const subscription = new Subscription()
  subscription.start('first', view(90, 80))
  expect(short(subscription.page(page([1], 1, false), view(90, 80), true))).toEqual([
    'confirm e1-0',
    'entry 1',
    'await-drain',
  ])
  expect(subscription.mode).toBe('draining')
  expect(short(subscription.drained(view(90, 80)))).toEqual(['read 1'])
})

test('a live reader that cannot keep up leaves the live set and comes back through the log', () => {
  const subscription = new Subscription()
  subscription.start('now', view(10))
  expect(short(subscription.overflowed(view(30, 10)))).toEqual(['detach', 'await-drain'])
  expect(short(subscription.drained(view(60, 50)))).toEqual(['read 30'])
  expect(short(subscription.page(page([40], 60, true), view(60, 50), false))).toEqual([
    'entry 40',
    'attach 60',
  ])
})

test('a live reader that may have lost an event reads again from before it', () => {
  const subscription = new Subscription()
  subscription.start('now', view(10))
  expect(short(subscription.doubtful(at(11)))).toEqual(['detach', 'await-drain'])
  expect(short(subscription.drained(view(12, 10, [11, 12])))).toEqual(['entry 12', 'attach 12'])
})

test('an entry that the transport lost is read again once there is room, whatever was ordered behind it', () => {
  const met = new Subscription()
  expect(short(met.start(at(4), view(9, 3, [6, 8])))).toEqual([
    'confirm e1-4',
    'entry 6',
    'entry 8',
    'attach 9',
  ])
  expect(short(met.lost(8))).toEqual(['await-drain'])
  expect(short(met.drained(view(9, 3, [6, 8])))).toEqual(['entry 8', 'attach 9'])

  const bounded = new Subscription({ until: at(5) })
  bounded.start(at(1), view(9, 8))
  expect(short(bounded.page(page([2, 5], 5, true), view(9, 8), false))).toEqual(['entry 2', 'entry 5', 'end'])
  expect(short(bounded.lost(2))).toEqual(['await-drain'])
  expect(short(bounded.drained(view(9, 8)))).toEqual(['read 1'])
})

test("a client's own events are left out of replay, and its position moves past them", () => {
  const subscription = new Subscription({ client: 'me' })
  subscription.start('first', view(9))
  const entries = [entry(1), entry(2, 'me'), entry(3, 'you'), entry(4, 'me')]
  expect(
    short(subscription.page({ start: at(0), entries, position: at(9), done: true }, view(9), false)),
  ).toEqual(['confirm e1-0', 'entry 1', 'entry 3', 'moved 9', 'attach 9'])
})

test('a bounded read ends once its position has been passed, and never goes live', () => {
  const subscription = new Subscription({ until: at(5) })
  expect(short(subscription.start(at(1), view(9, 0, [2, 5, 7])))).toEqual(['confirm e1-1', 'read 1'])
  expect(short(subscription.page(page([2], 2, false), view(9), false))).toEqual(['entry 2', 'read 2'])
  expect(short(subscription.page(page([5], 5, true), view(9), false))).toEqual(['entry 5', 'end'])
  expect(subscription.mode).toBe('ended')
})

test('a bounded read to a position that the log has not reached ends with what there is', () => {
  const subscription = new Subscription({ until: at(50) })
  subscription.start('first', view(9))
  expect(short(subscription.page(page([5], 9, true), view(9), false))).toEqual([
    'confirm e1-4',
    'entry 5',
    'end',
  ])
})

test('nothing of a page of another epoch is given, because the client would take its offsets for this one', () => {
  const stale = new Subscription()
  stale.start(at(1), view(9, 5))
  expect(short(stale.page(page([2], 9, true), view(9, 9, [], 'e2'), false))).toEqual(['read 1'])

  const ahead = new Subscription()
  ahead.start('first', view(9, 5))
  const fresh = page([2], 9, true, { position: at(9, 'e2') })
  expect(short(ahead.page(fresh, view(9, 5), false))).toEqual(['await-tail'])
  expect(short(ahead.advanced(view(10, 5)))).toEqual(['await-tail']) // of the old epoch still
  expect(short(ahead.advanced(view(9, 9, [], 'e2')))).toEqual(['read "first"'])
  const told = page([2], 9, true, { start: at(1, 'e2'), position: at(9, 'e2') })
  expect(short(ahead.page(told, view(9, 9, [], 'e2'), false))).toEqual([
    'confirm e2-1',
    'entry 2',
    'attach 9',
  ])
})

test('a reader that waits for the tail reads again when a new epoch begins instead', () => {
  const subscription = new Subscription()
  subscription.start(at(1), view(9, 5))
  expect(short(subscription.page(page([12], 12, true), view(9, 5), false))).toEqual([
    'entry 12',
    'await-tail',
  ])
  expect(short(subscription.advanced(view(9, 9, [], 'e2')))).toEqual(['read 12'])
})

test('nothing is ordered for a reader that has left, whatever arrives late', () => {
  const subscription = new Subscription()
  subscription.start('first', view(9))
  expect(subscription.left()).toEqual([])
  expect(subscription.page(page([1], 9, true), view(9), false)).toEqual([])
  expect(subscription.drained(view(9))).toEqual([])
  expect(subscription.advanced(view(9))).toEqual([])
  expect(subscription.overflowed(view(9))).toEqual([])

  const live = new Subscription()
  live.start('now', view(9))
  expect(short(live.left())).toEqual(['detach'])
})

test('a reader whose socket is full already is told that it stands, and is given the recent events later', () => {
  const late = new Subscription()
  expect(short(late.start(at(5), view(9, 4, [6, 8]), true))).toEqual(['confirm e1-5', 'await-drain'])
  expect(short(late.drained(view(9, 4, [6, 8])))).toEqual(['entry 6', 'entry 8', 'attach 9'])

  const done = new Subscription()
  done.start(at(1), view(20, 10, [12]))
  expect(short(done.page(page([2], 11, true), view(20, 10, [12]), true))).toEqual(['entry 2', 'await-drain'])
  const complete = new Subscription()
  complete.start(at(1), view(20, 10))
  expect(short(complete.page(page([2], 20, true), view(20, 10), true))).toEqual(['entry 2', 'attach 20'])
})
