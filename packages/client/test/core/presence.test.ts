import { expect, test } from 'vitest'
import { type MembersNews, Presence } from '../../src/core/presence.js'

type Entry = MembersNews<string>['entries'][number]

const entry = (member: string, name: string, state = 'here'): Entry => ({
  member,
  entry: name,
  state,
  since: 1,
})

const page = (more: boolean, ...entries: Entry[]): MembersNews<string> => ({ change: 'all', more, entries })

function listed(...entries: Entry[]) {
  const presence = new Presence<string>((a, b) => a === b)
  presence.joined()
  presence.members(page(false, ...entries))
  return presence
}

const names = (presence: Presence<string>) => presence.snapshot.members.map(({ member }) => member)

test('the first list is shown once it is complete, and is no change', () => {
  const presence = new Presence<string>((a, b) => a === b)
  presence.joined()
  expect(presence.members(page(true, entry('ann', 'e1')))).toBeUndefined()
  expect(presence.snapshot).toEqual({ members: [], current: false })
  expect(presence.members(page(false, entry('ben', 'e2')))).toBeUndefined()
  expect(presence.snapshot.current).toBe(true)
  expect(names(presence)).toEqual(['ann', 'ben'])
})

test('changes between pages count, and those before the first page do not', () => {
  const presence = new Presence<string>((a, b) => a === b)
  presence.joined()
  presence.members({ change: 'joined', more: false, entries: [entry('old', 'e0')] })
  presence.members(page(true, entry('ann', 'e1')))
  presence.members({ change: 'left', more: false, entries: [entry('ann', 'e1')] })
  presence.members({ change: 'joined', more: false, entries: [entry('cid', 'e3')] })
  presence.members(page(false, entry('ben', 'e2'), entry('cid', 'e3')))
  expect(names(presence).sort()).toEqual(['ben', 'cid'])
})

test('an empty page with more to come takes back what the list had brought', () => {
  const presence = new Presence<string>((a, b) => a === b)
  presence.joined()
  presence.members(page(true, entry('ann', 'e1')))
  presence.members(page(true))
  presence.members(page(false, entry('ben', 'e2')))
  expect(names(presence)).toEqual(['ben'])
})

test('a second tab is an update of its member, and so is its end', () => {
  const presence = listed(entry('ann', 'e1'))
  const more = presence.members({ change: 'joined', more: false, entries: [entry('ann', 'e2')] })
  expect(more).toMatchObject({ joined: [], updated: [{ member: 'ann', entries: [{}, {}] }], left: [] })
  const less = presence.members({ change: 'left', more: false, entries: [entry('ann', 'e1')] })
  expect(less).toMatchObject({ joined: [], updated: [{ entries: [{ entry: 'e2' }] }], left: [] })
  const gone = presence.members({ change: 'left', more: false, entries: [entry('ann', 'e2')] })
  expect(gone).toMatchObject({ updated: [], left: [{ member: 'ann', entries: [{ entry: 'e2' }] }] })
})

test('through a cut the last list is shown as not current, and the next one tells what differs', () => {
  const presence = listed(entry('ann', 'e1'), entry('ben', 'e2'))
  const [ann] = presence.snapshot.members
  presence.down()
  expect(presence.snapshot.current).toBe(false)
  presence.joined()
  const change = presence.members(page(false, entry('ann', 'e1'), entry('cid', 'e3')))
  expect(change).toMatchObject({ joined: [{ member: 'cid' }], updated: [], left: [{ member: 'ben' }] })
  expect(presence.snapshot.members[0]).toBe(ann)
})

test('a list that is as it was is the same snapshot of members', () => {
  const presence = listed(entry('ann', 'e1'))
  const { members } = presence.snapshot
  presence.down()
  presence.joined()
  expect(presence.members(page(false, entry('ann', 'e1')))).toBeUndefined()
  expect(presence.snapshot).toEqual({ members, current: true })
  expect(presence.snapshot.members).toBe(members)
})

test('a list of which a page could not be read is none, until one begins anew', () => {
  const presence = new Presence<string>((a, b) => a === b)
  presence.joined()
  presence.members(page(true, entry('ann', 'e1')))
  presence.down()
  presence.members(page(true, entry('cid', 'e3')))
  presence.members(page(false, entry('dan', 'e4')))
  presence.members({ change: 'joined', more: false, entries: [entry('eve', 'e5')] })
  expect(presence.snapshot).toEqual({ members: [], current: false })
  presence.members(page(true))
  presence.members(page(false, entry('ann', 'e1')))
  expect(presence.snapshot).toMatchObject({ members: [{ member: 'ann' }], current: true })
})

test('a topic that was left shows nobody, and what comes after is a first list again', () => {
  const presence = listed(entry('ann', 'e1'))
  presence.emptied()
  expect(presence.snapshot).toEqual({ members: [], current: false })
  presence.joined()
  expect(presence.members(page(false, entry('ann', 'e1')))).toBeUndefined()
})
