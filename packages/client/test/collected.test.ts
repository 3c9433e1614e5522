/** What the collector of garbage may take of a client, and what it may not. */
import { expect, test } from 'vitest'
import { event, world } from './world.js'

/** Collects, and lets weak references go: they are held to the end of the task that made or read them. */
async function collect(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 0))
    Bun.gc(true)
  }
}

test('a handle that nobody holds stays the one of its topic while somebody listens', async () => {
  const { clock, server, client } = world({ lingerMs: 0 })
  server.joinsAt = 10
  const seen: string[] = []
  let stop = () => {}
  const listen = (): WeakRef<object> => {
    const room = client.room({ id: 'a' })
    stop = room.on('message', ({ text }) => seen.push(text))
    return new WeakRef(room)
  }
  const held = listen()
  await server.until('sub')
  await clock.advance(0)
  await collect()
  expect(client.room({ id: 'a' }) === held.deref()).toBe(true)
  server.send(event(100 + server.last('sub').id, 11, { text: 'still here' }))
  await clock.advance(0)
  expect(seen).toEqual(['still here'])
  expect(server.all('sub')).toHaveLength(1)
  stop()
})

test('a part of a handle keeps the whole of it', async () => {
  const { client } = world()
  const { status, on } = client.room({ id: 'a' })
  const parts = [status.subscribe, on]
  await collect()
  expect(client.room({ id: 'a' }).status).toBe(status)
  expect(client.room({ id: 'a' }).on).toBe(on)
  expect(parts).toHaveLength(2)
})

test('topics that nobody holds or uses are let go of', async () => {
  const { clock, server, client } = world({ lingerMs: 0 })
  server.joinsAt = 10
  const visit = (id: string): WeakRef<object> => {
    const room = client.room({ id })
    room.on('message', () => {})()
    return new WeakRef(room)
  }
  const visited = Array.from({ length: 200 }, (_, n) => visit(`${n}`))
  await clock.advance(1_000)
  await collect()
  // the collector is conservative: of so many a few may be taken for held
  expect(visited.filter((one) => one.deref() !== undefined).length).toBeLessThan(20)
  expect(client.connection.getSnapshot().status).toBe('open')
})

test('what a client wants to be shown as is kept until somebody reads the topic', async () => {
  const { clock, server, client } = world()
  const set = (): Promise<void> => client.booth({ id: 'a' }).presence.set({ name: 'ann' })
  await set()
  await collect()
  const stop = client.booth({ id: 'a' }).presence.subscribe(() => {})
  await server.until('presence')
  expect(server.last('presence').wanted?.json).toEqual({ name: 'ann' })
  stop()
  await clock.advance(0)
})
