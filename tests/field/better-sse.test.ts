/** Faults of better-sse, and of servers that stream to whoever takes his time, as promises that are kept here. */
import { createEmitter, memoryLog } from '@parley/server'
import { channel, defineContract } from '@parley/shared'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { world } from './world.js'

const breaks = ['\n', '\r', '\r\n', '\0', '\nevent: fake\ndata: 1\n\n']

// better-sse, `sanitize`: a line end inside an id or a name began a field, or an event, of somebody's own
test.each(breaks)('no name or position holds %j, so that none can begin a line of its own', (text) => {
  const event = z.string()
  expect(() => defineContract({ a: channel({ events: { [`x${text}y`]: event } }) })).toThrow(
    expect.objectContaining({ code: 'BAD_CONTRACT' }),
  )
  expect(() => memoryLog({ epoch: `a${text}b` })).toThrow(expect.objectContaining({ code: 'BAD_OPTIONS' }))
})

test.each(breaks)(
  'a position that a request brings with %j in it is refused, and nothing of it is sent back',
  async (text) => {
    const { inside } = world()
    const query = encodeURIComponent(`abc-1${text}event: fake`)
    const request = new Request(`http://parley.test/events/ticks?lastEventId=${query}`, {
      headers: { authorization: 'Bearer ann' },
    })
    const response = await inside.fetch(request, '/events/ticks')
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toContain('application/json')
  },
)

// better-sse #16: ids were random, so that a client that came back could not be told what it had missed
test('ids are positions: each is above the one before, and any of them is a place to come back to', async () => {
  const contract = defineContract({ feed: channel({ events: { note: z.number() } }) })
  const emitter = createEmitter(contract, 'feed')
  const ids: string[] = []
  for (let n = 1; n <= 5; n++) ids.push(await emitter.emit('note', n))
  for (const [index, id] of ids.entries()) {
    const request = new Request(`http://parley.test/feed?until=${ids.at(-1)}`, {
      headers: { 'last-event-id': id },
    })
    const text = await (await emitter.respond(request)).text()
    expect(text.match(/^data:\d$/gm) ?? []).toEqual([1, 2, 3, 4, 5].slice(index + 1).map((n) => `data:${n}`))
  }
  emitter.close()
})
