/** A call or a message, wherever in its life the link breaks: how often its handler runs, and what its caller gets. */
import { expect, test } from 'vitest'
import { numbers, outcome, world } from './field/world.js'

type World = ReturnType<typeof cuttable>

function cuttable() {
  const gates: (() => void)[] = []
  let isHeld = true
  const all = world({
    working: () => (isHeld ? new Promise<void>((resolve) => gates.push(resolve)) : undefined),
  })
  const { client, link } = all.connect()
  const release = (): void => {
    isHeld = false
    for (const go of gates.splice(0)) go()
  }
  return { ...all, client, link, release }
}

/** When the link breaks; each leaves it broken. */
const moments: Readonly<Record<string, (world: World) => Promise<void>>> = {
  async 'before the request arrives'({ link }) {
    link.cut()
  },
  async 'while the handler runs'({ clock, link }) {
    await clock.advance(0)
    link.cut()
    await clock.advance(0)
  },
  async 'before the handler ends, which it does while nobody is there'({ clock, link, release }) {
    await clock.advance(0)
    link.cut()
    await clock.advance(0)
    release()
    await clock.settle()
  },
  async 'while the answer travels'({ clock, link, release }) {
    await clock.advance(0)
    release()
    await clock.settle() // it is handed to the link, and no time has passed
    link.cut()
  },
  async 'in silence, while the handler runs'({ clock, link }) {
    await clock.advance(0)
    link.halfOpen()
    await clock.advance(9_000) // it is tried after three seconds, and given up five later
  },
}

const asks = {
  call: ({ client }: World) => client.pay({ n: 1 }, { withinMs: 600_000 }),
  message: ({ client }: World) => client.room({ id: 'a' }).send('say', { text: 'hi' }, { withinMs: 600_000 }),
} as const

const ways = Object.keys(moments).flatMap((moment) =>
  (Object.keys(asks) as (keyof typeof asks)[]).map((what) => [what, moment] as const),
)

async function begun(what: keyof typeof asks) {
  const all = cuttable()
  all.client.connection.open()
  await all.clock.advance(0)
  const ends: unknown[] = []
  void outcome(asks[what](all)).then((end) => ends.push(end))
  return { ...all, ends }
}

test.each(ways)(
  'a %s that is cut off %s runs once, and is answered once the client is back',
  async (what, moment) => {
    const all = await begun(what)
    await moments[moment]!(all)
    await all.clock.advance(5_000)
    all.release()
    await all.clock.advance(60_000)
    expect(all.ran).toHaveLength(1)
    expect(all.ends).toEqual([{ n: 1 }])
  },
)

test.each(ways)(
  'a %s that is cut off %s has an unknown outcome where its session is gone, and never runs a second time',
  async (what, moment) => {
    const all = await begun(what)
    all.link.refuse(true)
    await moments[moment]!(all)
    await all.clock.advance(150_000) // the session is kept for two minutes
    all.release()
    await all.clock.advance(0)
    all.link.refuse(false)
    await all.clock.advance(60_000)
    expect(all.ran.length).toBeLessThanOrEqual(1)
    expect(all.ends).toEqual(['OUTCOME_UNKNOWN'])
  },
)

test.each(Object.keys(moments))(
  'an idempotent call that is cut off %s is answered, also where its session is gone',
  async (moment) => {
    const all = cuttable()
    all.client.connection.open()
    await all.clock.advance(0)
    const ends: unknown[] = []
    void outcome(all.client.look({ n: 1 }, { withinMs: 600_000 })).then((end) => ends.push(end))
    all.link.refuse(true)
    await moments[moment]!(all)
    await all.clock.advance(25_000) // a client waits for half a minute for a connection
    for (const session of all.inside.core.sessions) session.end('a test')
    all.release()
    all.link.refuse(false)
    await all.clock.advance(60_000)
    expect(all.ran.length).toBeGreaterThanOrEqual(1)
    expect(ends).toEqual([{ n: 1 }])
  },
)

test('messages and calls through sixty cuts each run once, messages in the order sent, and each is answered with its own', async () => {
  const { clock, connect, ran } = world({ delayMs: 40, working: () => {} })
  const { client, link } = connect()
  const room = client.room({ id: 'a' })
  const answers = new Map<number, unknown>()
  client.connection.open()
  await clock.advance(200)
  for (let n = 1; n <= 300; n++) {
    void outcome(room.send('say', { text: `${n}` })).then((end) => answers.set(n, end))
    void outcome(client.pay({ n: 1_000 + n })).then((end) => answers.set(1_000 + n, end))
    if (n % 5 === 0) link.cut()
    await clock.advance((n * 37) % 90)
    if (n % 25 === 0) await clock.advance(15_000) // else no attempt is ever far enough from the one before
  }
  await clock.advance(120_000)
  const said = ran.filter((what) => typeof what === 'string')
  const paid = ran.filter((what) => typeof what === 'number')
  expect(said).toEqual(numbers(1, 300).map(String))
  expect([...paid].sort((a, b) => Number(a) - Number(b))).toEqual(numbers(1_001, 1_300))
  expect(answers.size).toBe(600)
  for (const n of numbers(1_001, 1_300)) expect(answers.get(n)).toEqual({ n })
  for (const n of numbers(1, 300)) expect(answers.get(n)).toEqual({ n: expect.any(Number) })
})
