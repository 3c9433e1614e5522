import { channel, defineContract } from '@parley/shared'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createEmitter, memoryLog } from '../src/index.js'

const make = () =>
  defineContract({
    notifications: channel({ events: { chat: z.object({ text: z.string() }) } }),
    inbox: channel({
      params: z.object({ user: z.string() }),
      events: { mail: z.object({ subject: z.string() }) },
    }),
  })

const request = (path = '/events') => new Request(`http://localhost${path}`)

/** Reads a response until its text holds all of these. */
async function readUntil(response: Response, ...parts: string[]): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!parts.every((part) => text.includes(part))) {
    const { value, done } = await reader.read()
    if (done) throw new Error(`ended before ${parts}: ${text}`)
    text += value
  }
  await reader.cancel()
  return text
}

test('two calls for one contract and path share their topics, so that a route and who emits need no common module', async () => {
  const contract = make()
  const route = createEmitter(contract, 'notifications')
  const response = await route.respond(request())
  await createEmitter(contract, 'notifications').emit('chat', { text: 'hello' })
  expect(await readUntil(response, 'hello')).toContain('event:chat')
  route.close()
})

test('another contract of the same shape, and another path, have topics of their own', async () => {
  const [one, other] = [createEmitter(make(), 'notifications'), createEmitter(make(), 'notifications')]
  await other.emit('chat', { text: 'not here' })
  const response = await one.respond(request('/events?from=first'))
  await one.emit('chat', { text: 'here' })
  expect(await readUntil(response, 'here')).not.toContain('not here')
  one.close()
  other.close()
})

test('options that differ from those of an earlier call are refused by name; the same ones are not', () => {
  const contract = make()
  const log = memoryLog()
  const emitter = createEmitter(contract, 'notifications', { log, limits: { sseRetryMs: 500 } })
  expect(createEmitter(contract, 'notifications', { log, limits: { sseRetryMs: 500 } })).toBe(emitter)
  expect(() => createEmitter(contract, 'notifications')).toThrow(/another 'log'/)
  expect(() => createEmitter(contract, 'notifications', { log, limits: { sseRetryMs: 1 } })).toThrow(
    /another 'limits'/,
  )
  emitter.close()
})

test('a path without a channel is told the paths there are', () => {
  expect(() => createEmitter(make(), 'notification' as never)).toThrow(
    "the contract has no channel 'notification'; it has notifications, inbox",
  )
})

test('with params it is a function; each topic has readers of its own', async () => {
  const inbox = createEmitter(make(), 'inbox')
  const [ann, bob] = [inbox({ user: 'ann' }), inbox({ user: 'bob' })]
  const response = await ann.respond(request())
  await bob.emit('mail', { subject: 'for bob' })
  await ann.emit('mail', { subject: 'for ann' })
  expect(await readUntil(response, 'for ann')).not.toContain('for bob')
  expect(() => inbox({ user: 5 as never })).toThrow(/Params of 'inbox'/)
  inbox.close()
})

test('close ends every response, so that readers come back, and lets go of everything', async () => {
  const contract = make()
  const emitter = createEmitter(contract, 'notifications')
  const response = await emitter.respond(request())
  const text = response.text()
  await emitter.emit('chat', { text: 'last' })
  await expect.poll(() => emitter.inspect()).toMatchObject({ topics: 1, readers: 1, timers: 1 })
  emitter.close()
  expect(await text).not.toContain('parley.end') // which would mean: for good
  expect(emitter.inspect()).toEqual({ topics: 0, readers: 0, timers: 0, queuedBytes: 0 })
  expect(() => emitter.emit('chat', { text: 'x' })).toThrow(/closed/)
  expect((await emitter.respond(request())).status).toBe(503)
  // a new one begins anew
  const again = createEmitter(contract, 'notifications')
  expect(again).not.toBe(emitter)
  await again.emit('chat', { text: 'x' })
  again.close()
})
