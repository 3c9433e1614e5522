import { describe, expect, test } from 'vitest'
import { Presence, type PresenceChange } from '../../src/core/presence.js'
import { PresenceFeed } from '../../src/core/presence-feed.js'

const graceMs = 15_000
const machine = () => new Presence<string>(graceMs, (a, b) => a === b)

const ann = { client: 'c1', by: 1, member: 'ann', state: 'here', entry: 'e1', since: 5 }

const told = (changes: readonly PresenceChange<string>[]) =>
  changes.map(({ change, entry }) => `${change} ${entry.member}/${entry.entry} ${entry.state}`)

test('who enters has joined, with the entry that it was given, and another state is an update of it', () => {
  const present = machine()
  expect(told(present.enter(ann))).toEqual(['joined ann/e1 here'])
  expect(told(present.enter({ ...ann, entry: 'e9', since: 9, state: 'away' }))).toEqual([
    'updated ann/e1 away',
  ])
  expect(told(present.enter({ ...ann, entry: 'e9', state: 'away' }))).toEqual([])
  expect([...present.entries()]).toEqual([{ member: 'ann', entry: 'e1', since: 5, state: 'away' }])
})

test('a cut that heals in time is no change, and the entry is the same', () => {
  const present = machine()
  present.enter(ann)
  present.lost('c1', 1, 1_000)
  expect(present.next).toBe(16_000)
  expect(told(present.elapsed(15_999))).toEqual([])
  expect(told(present.enter({ ...ann, by: 2, entry: 'e2' }))).toEqual([])
  expect(present.next).toBeUndefined()
  expect(told(present.elapsed(99_999))).toEqual([])
})

test('one that does not come back has left when its time is over, and no other with it', () => {
  const present = machine()
  present.enter(ann)
  present.enter({ ...ann, client: 'c2', by: 2, member: 'ben', entry: 'e2' })
  present.lost('c1', 1, 0)
  present.lost('c2', 2, 1)
  expect(told(present.elapsed(15_000))).toEqual(['left ann/e1 here'])
  expect(present.next).toBe(15_001)
  expect(told(present.elapsed(15_001))).toEqual(['left ben/e2 here'])
  expect(present.size).toBe(0)
})

test('what becomes of a subscription of the past does not touch who came by another', () => {
  const present = machine()
  present.enter(ann)
  present.enter({ ...ann, by: 2 })
  present.lost('c1', 1, 0)
  expect(told(present.left('c1', 1))).toEqual([])
  expect(present.next).toBeUndefined()
  expect(told(present.left('c1', 2))).toEqual(['left ann/e1 here'])
})

test('the same client for another member is another one', () => {
  const present = machine()
  present.enter(ann)
  expect(told(present.enter({ ...ann, by: 2, member: 'ben', entry: 'e2' }))).toEqual([
    'left ann/e1 here',
    'joined ben/e2 here',
  ])
})

test('clients of nobody are members of their own, by the names of their entries', () => {
  const present = machine()
  present.enter({ ...ann, member: undefined })
  present.enter({ ...ann, client: 'c2', by: 2, member: undefined, entry: 'e2' })
  expect([...present.entries()].map(({ member }) => member)).toEqual(['e1', 'e2'])
  expect(present.enter({ ...ann, by: 3, member: undefined, entry: 'e3' })).toEqual([])
})

test('the end of a session takes out what it lost, and nothing that is there over a newer one', () => {
  const present = machine()
  present.enter(ann)
  expect(present.sessionEnded('c1', 'ann')).toEqual([])
  present.lost('c1', 1, 0)
  expect(present.sessionEnded('c1', 'ben')).toEqual([])
  expect(told(present.sessionEnded('c1', 'ann'))).toEqual(['left ann/e1 here'])
  expect(present.next).toBeUndefined()
})

test('a kick takes out every entry of the member, those included that are away', () => {
  const present = machine()
  present.enter(ann)
  present.enter({ ...ann, client: 'c2', by: 2, entry: 'e2' })
  present.enter({ ...ann, client: 'c3', by: 3, member: 'ben', entry: 'e3' })
  present.lost('c2', 2, 0)
  expect(told(present.kicked('ann'))).toEqual(['left ann/e1 here', 'left ann/e2 here'])
  expect(told(present.kicked())).toEqual(['left ben/e3 here'])
  expect(present.next).toBeUndefined()
})

describe('what a subscriber is told', () => {
  const crowd = (count: number) => {
    const present = machine()
    for (let i = 0; i < count; i++)
      present.enter({ ...ann, client: `c${i}`, by: i, member: `m${i}`, entry: `e${i}` })
    return present
  }
  const feedOf = (present: Presence<string>) => new PresenceFeed(present, () => 10, 20)

  test('is the list in pages, and nothing of what changes before the first of them', () => {
    const feed = feedOf(crowd(3))
    expect(feed.changed(false)).toBe(false)
    expect(feed.page()).toMatchObject({ entries: [{ entry: 'e0' }, { entry: 'e1' }], more: true })
    expect(feed.changed(false)).toBe(true)
    expect(feed.page()).toMatchObject({ entries: [{ entry: 'e2' }], more: false })
    expect(feed.changed(false)).toBe(true)
  })

  test('begins anew once it has caught up, and takes back what the list before had brought', () => {
    const feed = feedOf(crowd(3))
    feed.page()
    expect(feed.changed(true)).toBe(false)
    expect(feed.changed(false)).toBe(false)
    expect(feed.page()).toEqual({ entries: [], more: true })
    expect(feed.page()).toMatchObject({ entries: [{ entry: 'e0' }, { entry: 'e1' }], more: true })
  })

  test('has at least one entry in each page, however little room there is', () => {
    const feed = new PresenceFeed(crowd(2), () => 10, 0)
    expect(feed.page()).toMatchObject({ entries: [{ entry: 'e0' }], more: true })
  })
})
