/** Who is present, with both real ends joined over links that break, in virtual time. */
import { createClient, type PresenceChange, type PresentMember } from '@parley/client'
import { createRouter } from '@parley/server'
import { createHubWith, insideOf } from '@parley/server/internal'
import { channel, defineContract, ParleyError, type Report } from '@parley/shared'
import type { FrameData, Limits } from '@parley/shared/internal'
import { breakableLink, type LinkEnd, virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { acceptFor } from './field/accept.js'

const State = z.object({ name: z.string(), away: z.boolean().default(false), at: z.date().optional() })

const contract = defineContract({
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: z.string() },
    presence: State,
  }),
  plain: channel({ events: { message: z.string() } }),
})

interface User {
  readonly user: string
  readonly title: string
}

interface Options {
  readonly delayMs?: number
  readonly limits?: Partial<Limits>
  readonly presence?: (user: User, wanted: unknown) => unknown
}

function world({ delayMs = 0, limits = {}, presence }: Options = {}) {
  const clock = virtualClock()
  const reports: Report[] = []
  const asked: unknown[] = []
  const banned = new Set<string>()
  const hub = createHubWith(
    contract,
    {
      auth: z.string(),
      context: ({ auth, session }): User => {
        const [user, title = 'of old', seconds] = auth.split(':')
        if (seconds) session.expiresAt(new Date(clock.now() + Number(seconds) * 1_000))
        return { user: user!, title }
      },
      identify: ({ user }) => (user === 'nobody' ? undefined : user),
      onReport: (report) => reports.push(report),
      limits,
    },
    clock,
  )
  const router = createRouter(hub, {
    room: {
      join: ({ context }) => !banned.has(context.user),
      presence: ({ context, wanted }) => {
        asked.push(wanted)
        return (presence?.(context, wanted) ?? {
          ...wanted,
          name: `${context.user} ${context.title}`,
        }) as never
      },
    },
    plain: { join: () => true },
  })
  const accept = acceptFor(insideOf(router))
  /** Every frame that any client was sent. */
  const frames: string[] = []
  const listening = (end: LinkEnd & { opened(): void }) => {
    const tapped = {
      ...end,
      send: (data: FrameData) => {
        frames.push(String(data))
        return end.send(data)
      },
    }
    return accept(tapped)
  }
  const connect = (auth: string | (() => string)) => {
    const link = breakableLink(listening as typeof accept, clock, { delayMs })
    const clientReports: Report[] = []
    const client = createClient(contract, {
      transport: link,
      clock,
      auth: typeof auth === 'string' ? () => auth : auth,
      onReport: (report) => clientReports.push(report),
    })
    const room = client.room({ id: 'a' })
    return { link, client, room, reports: clientReports }
  }
  /** The same, watching: what it is told. */
  const watch = async (auth: string | (() => string)) => {
    const all = connect(auth)
    const heard: string[] = []
    const stop = all.room.presence.onChange((change) => heard.push(...say(change)))
    await clock.advance(500)
    const shown = () => namesOf(all.room.presence.getSnapshot().members)
    const isCurrent = () => all.room.presence.getSnapshot().current
    return { ...all, heard, stop, shown, isCurrent }
  }
  /** Sets what a client wants to be shown as, and gives what becomes of that. */
  const set = async ({ room }: ReturnType<typeof connect>, wanted: Wanted) => {
    const answer = outcome(room.presence.set(wanted))
    await clock.advance(200)
    return answer
  }
  const members = () => hub.channel.room({ id: 'a' }).members()
  return { clock, hub, router, reports, asked, banned, frames, connect, watch, set, members }
}

type State = z.output<typeof State>
type Wanted = Partial<z.input<typeof State>>

const namesOf = (members: readonly PresentMember<State>[]) =>
  members.map(
    ({ member, entries }) =>
      `${member}${entries.map(({ state }) => (state.away ? ' away' : ' here')).join('')}`,
  )

const say = ({ joined, updated, left }: PresenceChange<State>) => [
  ...namesOf(joined).map((one) => `joined ${one}`),
  ...namesOf(updated).map((one) => `updated ${one}`),
  ...namesOf(left).map((one) => `left ${one}`),
]

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    (error) => (error instanceof ParleyError ? error.code : error),
  )

test('who watches is there, sees who else is, and hears of each who comes, changes and leaves', async () => {
  const { clock, watch, members, asked, set } = world()
  const ann = await watch('ann')
  expect(ann.shown()).toEqual(['ann here'])
  expect(ann.heard).toEqual([])
  const ben = await watch('ben')
  expect(ben.shown()).toEqual(['ann here', 'ben here'])
  await set(ben, { away: true })
  expect(asked).toEqual([undefined, undefined, { away: true }])
  expect(ann.room.presence.getSnapshot()).toMatchObject({
    current: true,
    members: [{ member: 'ann' }, { member: 'ben', entries: [{ state: { name: 'ben of old', away: true } }] }],
  })
  expect(await members()).toEqual(ann.room.presence.getSnapshot().members)
  ben.stop()
  await clock.advance(1_000)
  expect(ann.heard).toEqual(['joined ben here', 'updated ben away', 'left ben away'])
  expect(ben.room.presence.getSnapshot()).toEqual({ members: [], current: false })
})

test('a reader of the events is there, too, and what was set before it came is what it is shown as', async () => {
  const { clock, watch, connect, set } = world()
  const ann = await watch('ann')
  const ben = connect('ben')
  expect(await set(ben, { away: true })).toBe('taken')
  const stop = ben.room.on('message', () => {})
  await clock.advance(500)
  expect(ann.heard).toEqual(['joined ben away'])
  stop()
  await clock.advance(999)
  expect(ann.heard).toEqual(['joined ben away'])
  ben.room.on('message', () => {})
  await clock.advance(5_000)
  expect(ann.heard).toEqual(['joined ben away'])
})

test('two tabs of one member are two entries of it, and closing one is no leave', async () => {
  const { clock, watch } = world()
  const ann = await watch('ann')
  const ben = await watch('ben')
  const tab = await watch('ben')
  expect(ann.shown()).toEqual(['ann here', 'ben here here'])
  tab.client.connection.close()
  await clock.advance(100)
  ben.client.connection.close()
  await clock.advance(100)
  expect(ann.heard).toEqual(['joined ben here', 'updated ben here here', 'updated ben here', 'left ben here'])
})

test('a cut is no leave for the others, and who comes back in time has the same entry', async () => {
  const { clock, watch, members, set } = world({ delayMs: 10 })
  const ann = await watch('ann')
  const ben = await watch('ben')
  await set(ben, { away: true })
  await clock.advance(100)
  const before = await members()
  const heard = ann.heard.length
  for (let i = 0; i < 5; i++) {
    ben.link.cut()
    await clock.advance(20)
    expect(ben.isCurrent()).toBe(false)
    expect(ben.shown()).toEqual(['ann here', 'ben away'])
    await clock.advance(14_000)
    expect(ben.isCurrent()).toBe(true)
  }
  expect(ann.heard.length).toBe(heard)
  expect(await members()).toEqual(before)
  expect(ben.heard).toEqual(['updated ben away'])
})

test('one that is gone for 15 s has left, and no earlier', async () => {
  const { clock, watch, router } = world()
  const ann = await watch('ann')
  const ben = await watch('ben')
  ben.link.refuse(true)
  ben.link.cut()
  await clock.advance(14_900)
  expect(ann.heard).toEqual(['joined ben here'])
  await clock.advance(200)
  expect(ann.heard).toEqual(['joined ben here', 'left ben here'])
  expect(router.inspect().present).toBe(1)
  ben.link.refuse(false)
  await clock.advance(60_000)
  expect(ann.heard.at(-1)).toBe('joined ben here')
})

test('a list that was missed in a cut is told as what differs', async () => {
  const { clock, watch } = world()
  const [ann, ben] = [await watch('ann'), await watch('ben')]
  ann.link.refuse(true)
  ann.link.cut()
  await clock.advance(100)
  ben.client.connection.close()
  await watch('cid')
  expect(ann.shown()).toEqual(['ann here', 'ben here'])
  ann.link.refuse(false)
  ann.client.connection.reconnect()
  await clock.advance(2_000)
  expect(ann.isCurrent()).toBe(true)
  expect(ann.heard).toEqual(['joined ben here', 'joined cid here', 'left ben here'])
})

test('a move from one connection to another is seen by nobody', async () => {
  const { clock, watch, router, members } = world({ delayMs: 10 })
  const [ann, ben] = [await watch('ann'), await watch('ben')]
  const before = await members()
  const current: boolean[] = []
  ben.room.presence.subscribe(() => current.push(ben.isCurrent()))
  for (const connection of [...insideOf(router).core.connections])
    if (connection.member === 'ben') connection.move(0)
  await clock.advance(5_000)
  expect(ben.link.counts().opened).toBe(2)
  expect(current).not.toContain(false)
  expect(ann.heard).toEqual(['joined ben here'])
  expect(ben.heard).toEqual([])
  expect(await members()).toEqual(before)
})

test('a kick takes the member out at once, also where its connection is away', async () => {
  const { clock, watch, hub, banned, set } = world()
  const [ann, ben, tab] = [await watch('ann'), await watch('ben'), await watch('ben')]
  tab.link.refuse(true)
  tab.link.cut()
  await clock.advance(10)
  ann.heard.length = 0
  banned.add('ben')
  await hub.channel.room({ id: 'a' }).kick('ben')
  await clock.advance(10)
  expect(ann.heard.at(-1)).toMatch(/^left ben/)
  expect(ann.shown()).toEqual(['ann here'])
  expect(ben.room.presence.getSnapshot()).toEqual({ members: [], current: false })
  expect(await set(ben, { away: true })).toBe('taken') // kept, should it be let in again
})

test('a kick of one of nobody, by the name that it is shown under, ends what it reads, too', async () => {
  const { clock, watch, hub, members } = world()
  const [one, other] = [await watch('nobody'), await watch('nobody')]
  const member = (await members())[0]!.member
  void hub.channel.room({ id: 'a' }).kick(member)
  await clock.advance(100)
  expect(one.room.status.getSnapshot()).toEqual({ status: 'refused', code: 'FORBIDDEN' })
  expect(other.shown()).toHaveLength(1)
  expect(await members()).toHaveLength(1)
})

test('a member that is disconnected is out at once, also where its connection is away', async () => {
  const { clock, watch, router } = world()
  const [ann, ben] = [await watch('ann'), await watch('ben')]
  ben.link.refuse(true)
  ben.link.cut()
  await clock.advance(10)
  router.disconnect({ member: 'ben' })
  await clock.advance(10)
  expect(ann.heard).toEqual(['joined ben here', 'left ben here'])
})

test('fresh credentials ask the handler again, with what was wanted before', async () => {
  let title = 'of old'
  const { clock, watch, asked, set } = world()
  const ann = await watch('ann')
  const ben = await watch(() => `ben:${title}:60`)
  await set(ben, { away: true })
  title = 'of late'
  await clock.advance(70_000)
  expect(asked.at(-1)).toEqual({ away: true })
  expect(ann.room.presence.getSnapshot().members[1]).toMatchObject({
    entries: [{ state: { name: 'ben of late', away: true } }],
  })
  expect(ben.link.counts().opened).toBe(1)
})

test('a state that does not fit, or is too large, is a typed error, and the one before stands', async () => {
  const { clock, watch, set } = world()
  const [ann, ben] = [await watch('ann'), await watch('ben')]
  await set(ben, { away: true })
  expect(await set(ben, { away: 'far' } as never)).toBe('VALIDATION')
  expect(await set(ben, { name: 'x'.repeat(5_000) })).toBe('TOO_LARGE')
  expect(await set(ben, (() => {}) as never)).toBe('NOT_SERIALIZABLE')
  expect(ben.reports.map(({ kind, message }) => [kind, message.match(/[A-Z_]{5,}/)?.[0]])).toEqual([
    ['refused', 'VALIDATION'],
    ['refused', 'TOO_LARGE'],
    ['refused', 'NOT_SERIALIZABLE'],
  ])
  expect(ann.shown()).toEqual(['ann here', 'ben away'])
  ben.link.cut()
  await clock.advance(5_000)
  expect(ben.isCurrent()).toBe(true)
  expect(ann.shown()).toEqual(['ann here', 'ben away'])
})

test('what the handler makes of it is checked, too, and what it throws refuses', async () => {
  const { watch, set } = world({
    presence: ({ user }, wanted) => {
      if (wanted === undefined) return { name: user }
      const { name } = wanted as { name?: string }
      if (name === 'large') return { name: 'x'.repeat(5_000) }
      if (name === 'wrong') return { name: 7 }
      if (name === 'bug') throw new Error('a bug')
      throw new ParleyError('FORBIDDEN', 'not that one')
    },
  })
  const ben = await watch('ben')
  const codes = []
  for (const name of ['large', 'wrong', 'bug', 'other']) codes.push(await set(ben, { name }))
  expect(codes).toEqual(['TOO_LARGE', 'VALIDATION', 'INTERNAL', 'FORBIDDEN'])
  expect(ben.shown()).toEqual(['ben here'])
})

test('who comes back with a state that is refused is there as before', async () => {
  const { clock, watch, asked, set } = world()
  const [ann, ben] = [await watch('ann'), await watch('ben')]
  await set(ben, { away: true })
  ben.link.cut()
  await clock.advance(1)
  const wrong = outcome(ben.room.presence.set({ away: 'far' } as never))
  await clock.advance(60_000)
  expect(await wrong).toBe('VALIDATION')
  expect(asked.at(-1)).toEqual({ away: true })
  expect(ann.shown()).toEqual(['ann here', 'ben away'])
  expect(ann.heard).toEqual(['joined ben here', 'updated ben away'])
})

test('who first wants a state that is refused is there without', async () => {
  const { clock, watch, connect, set } = world()
  const ann = await watch('ann')
  const ben = connect('ben')
  await set(ben, { away: 'far' } as never)
  ben.room.on('message', () => {})
  await clock.advance(500)
  expect(ann.shown()).toEqual(['ann here', 'ben here'])
})

test('a state that was refused is not asked about again as credentials change', async () => {
  const { clock, watch, asked, reports, set } = world()
  const ben = await watch(() => 'ben:of old:60')
  await set(ben, { away: true })
  expect(await set(ben, { name: 'x'.repeat(5_000) })).toBe('TOO_LARGE')
  await clock.advance(70_000)
  expect(asked).toEqual([undefined, { away: true }, { away: true }])
  expect(reports).toEqual([])
})

test('who comes back from a cut and is refused, or leaves before it is let be shown, has left', async () => {
  let isSlow = false
  const { clock, watch, banned, members } = world({
    presence: ({ user }) => (isSlow ? new Promise(() => {}) : { name: user }),
  })
  const [ann, ben, cid] = [await watch('ann'), await watch('ben'), await watch('cid')]
  for (const { link } of [ben, cid]) link.cut()
  banned.add('ben')
  isSlow = true
  await clock.advance(2_000)
  expect(ann.heard).toEqual(['joined ben here', 'joined cid here', 'left ben here'])
  cid.stop()
  await clock.advance(1_100)
  expect(ann.heard.at(-1)).toBe('left cid here')
  expect((await members()).map(({ member }) => member)).toEqual(['ann'])
})

test('what is set while the connection is away is taken once it is back', async () => {
  const { clock, watch } = world()
  const [ann, ben] = [await watch('ann'), await watch('ben')]
  ben.link.cut()
  await clock.advance(1)
  const first = outcome(ben.room.presence.set({ away: false }))
  const second = outcome(ben.room.presence.set({ away: true }))
  await clock.advance(5_000)
  expect([await first, await second]).toEqual(['taken', 'taken'])
  expect(ann.heard).toEqual(['joined ben here', 'updated ben away'])
})

test('clients of nobody are members of their own, and no frame shows the id of a client', async () => {
  const { clock, watch, router, frames } = world()
  const [one, other] = [await watch('nobody'), await watch('nobody')]
  const { members } = other.room.presence.getSnapshot()
  expect(members.map(({ member, entries }) => [member === entries[0]!.entry, entries.length])).toEqual([
    [true, 1],
    [true, 1],
  ])
  one.link.cut()
  await clock.advance(5_000)
  expect(other.room.presence.getSnapshot().members).toEqual(members)
  const ids = [...insideOf(router).core.sessions].map(({ client }) => client)
  expect(ids.length).toBe(2)
  for (const id of ids) expect(frames.some((frame) => frame.includes(id))).toBe(false)
})

test('values that JSON does not have survive, each at its own place', async () => {
  const at = new Date(0)
  const { clock, watch, set } = world()
  const ann = await watch('ann')
  const ben = await watch('ben')
  await set(ben, { at })
  await clock.advance(10)
  const cid = await watch('cid')
  for (const { room } of [ann, cid])
    expect(room.presence.getSnapshot().members[1]!.entries[0]!.state).toMatchObject({ at })
})

test('nothing is left when all are gone', async () => {
  const { clock, watch, router, hub } = world()
  const all = [await watch('ann'), await watch('ben'), await watch('ben')]
  expect(router.inspect()).toMatchObject({ present: 3, topics: 1 })
  for (const { client } of all) client.connection.close()
  await clock.advance(20_000)
  expect(router.inspect()).toMatchObject({ present: 0, topics: 0, readers: 0, timers: 0, sessions: 0 })
  const last = await watch('ann')
  last.link.cut()
  last.client.connection.close()
  await clock.advance(1)
  await hub.close()
  expect(router.inspect()).toMatchObject({ present: 0, timers: 0 })
})
