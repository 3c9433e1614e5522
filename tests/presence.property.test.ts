/** The machines of both sides: clients that come and go, and subscribers that are slow, cut, and come in the middle. */
import { PresenceMachine as ClientPresence, type MembersNews } from '@parley/client/internal'
import { PresenceFeed, PresenceMachine as ServerPresence } from '@parley/server/internal'
import fc from 'fast-check'
import { expect, test } from 'vitest'

type News = MembersNews<number>

const graceMs = 15_000
/** How many frames a subscriber may have under way before it counts as full. */
const mostUnderWay = 4

/** One who is told, with the frames that are under way to it. */
class Subscriber {
  client = new ClientPresence<number>((a, b) => a === b)
  feed: PresenceFeed<number> | undefined
  underWay: News[] = []
  /** What `onChange` would have said, applied to what was shown first. */
  heard: Map<string, number> | undefined

  begin(present: ServerPresence<number>): void {
    this.underWay = []
    this.feed = new PresenceFeed(present, () => 1, 2)
    this.client.joined()
  }

  cut(): void {
    this.underWay = []
    this.feed = undefined
    this.client.down()
  }

  get isFull(): boolean {
    return this.underWay.length >= mostUnderWay
  }

  list(): void {
    if (!this.feed || this.isFull || !this.isDue) return
    const { entries, more } = this.feed.page()
    this.underWay.push({ change: 'all', entries, more })
    this.isDue = more
  }

  isDue = true

  told(change: 'joined' | 'updated' | 'left', entry: News['entries'][number], isSent: boolean): void {
    if (!this.feed) return
    if (!this.feed.changed(this.isFull)) this.isDue = true
    else if (isSent) this.underWay.push({ change, entries: [entry], more: false })
    else {
      this.feed.lost()
      this.isDue = true
    }
  }

  receive(): void {
    const news = this.underWay.shift()
    if (!news) return
    const wasCurrent = this.client.snapshot.current
    const change = this.client.members(news)
    const { members, current } = this.client.snapshot
    const shown = new Map(members.map(({ member, entries }) => [member, entries.length]))
    if (!this.heard) {
      if (current && !wasCurrent) this.heard = shown
      return
    }
    for (const { member, entries } of change?.joined ?? []) {
      expect(this.heard.has(member)).toBe(false)
      this.heard.set(member, entries.length)
    }
    for (const { member, entries } of change?.updated ?? []) {
      expect(this.heard.has(member)).toBe(true)
      this.heard.set(member, entries.length)
    }
    for (const { member } of change?.left ?? []) expect(this.heard.delete(member)).toBe(true)
    expect(this.heard).toEqual(shown)
  }
}

class World {
  readonly present = new ServerPresence<number>(graceMs, (a, b) => a === b)
  readonly subscribers: Subscriber[] = Array.from({ length: 3 }, () => new Subscriber())
  #now = 0
  #entries = 0

  do({ what, who, n }: Step): void {
    const client = `c${who}`
    const subscriber = this.subscribers[who % this.subscribers.length]!
    if (what === 'enter') {
      this.#entries += 1
      // clients 0 and 1 are two tabs of one member, and so on
      const entering = {
        client,
        by: who,
        member: `m${who >> 1}`,
        state: n,
        entry: `e${this.#entries}`,
        since: this.#now,
      }
      this.#tell(this.present.enter(entering), n > 0)
    } else if (what === 'lose') this.present.lost(client, who, this.#now)
    else if (what === 'leave') this.#tell(this.present.left(client, who), n > 0)
    else if (what === 'kick') this.#tell(this.present.kicked(`m${who >> 1}`), true)
    else if (what === 'wait') {
      this.#now += n * 5_000
      this.#tell(this.present.elapsed(this.#now), true)
    } else if (what === 'begin') {
      subscriber.isDue = true
      subscriber.begin(this.present)
    } else if (what === 'cut') subscriber.cut()
    else if (what === 'list') subscriber.list()
    else subscriber.receive()
  }

  #tell(changes: ReturnType<ServerPresence<number>['elapsed']>, isSent: boolean): void {
    for (const { change, entry } of changes)
      for (const subscriber of this.subscribers) subscriber.told(change, entry, isSent)
  }

  settle(): void {
    for (const subscriber of this.subscribers) {
      if (!subscriber.feed) continue
      for (let i = 0; i < 100; i++) {
        subscriber.list()
        subscriber.receive()
      }
    }
  }

  get truth(): object[] {
    const members = new Map<string, object[]>()
    for (const { member, entry, state, since } of this.present.entries())
      members.set(member, [...(members.get(member) ?? []), { entry, state, since }])
    return [...members].map(([member, entries]) => ({ member, entries }))
  }
}

interface Step {
  readonly what: 'enter' | 'lose' | 'leave' | 'kick' | 'wait' | 'begin' | 'cut' | 'list' | 'receive'
  readonly who: number
  readonly n: number
}

const step = fc.record<Step>({
  what: fc.constantFrom(
    'enter',
    'enter',
    'enter',
    'lose',
    'leave',
    'kick',
    'wait',
    'begin',
    'cut',
    'list',
    'list',
    'receive',
    'receive',
  ),
  who: fc.nat({ max: 7 }),
  n: fc.nat({ max: 3 }),
})

const byName = (members: readonly object[]) =>
  [...members]
    .map((one) => {
      const { member, entries } = one as { member: string; entries: { entry: string }[] }
      return { member, entries: [...entries].sort((a, b) => (a.entry < b.entry ? -1 : 1)) }
    })
    .sort((a, b) => (a.member < b.member ? -1 : 1))

test('whoever takes what it is sent, in order, has the truth, and what it heard of adds up to it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const world = new World()
      for (const one of steps) world.do(one)
      world.settle()
      for (const { client, feed } of world.subscribers) {
        if (!feed) continue
        expect(client.snapshot.current).toBe(true)
        expect(byName(client.snapshot.members)).toEqual(byName(world.truth))
      }
    }),
    { numRuns: 500 },
  )
})

test('nothing that is shown as current is a part of a list', () => {
  const present = new ServerPresence<number>(graceMs, (a, b) => a === b)
  for (let i = 0; i < 5; i++)
    present.enter({ client: `c${i}`, by: i, member: `m${i}`, state: 0, entry: `e${i}`, since: 0 })
  const subscriber = new Subscriber()
  subscriber.begin(present)
  const seen: number[] = []
  for (let i = 0; i < 3; i++) {
    subscriber.list()
    subscriber.receive()
    const { members, current } = subscriber.client.snapshot
    seen.push(current ? members.length : -1)
  }
  expect(seen).toEqual([-1, -1, 5])
})
