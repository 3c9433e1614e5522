import { serve } from '@parley/server/bun'
import { expect, test } from 'vitest'
import { callPing, enter, goAway, make } from './suite/serve.js'

test.each([
  ['0.0.0.0', 'localhost'],
  ['::', 'localhost'],
  ['::1', '[::1]'],
])('`url` of one that listens on %s can be opened in a browser: it names %s', async (hostname, named) => {
  await using serving = serve(make(), { port: 0, hostname })
  expect(serving.url).toBe(`http://${named}:${serving.server.port}/realtime`)
  expect(await (await callPing(serving.url)).json()).toBe('pong')
})

test('a new process can listen on the port while the one before it still serves', async () => {
  const reusing = { port: 0, hostname: '127.0.0.1', reusePort: true }
  const serving = serve(make(), reusing)
  const socket = await enter(serving.url)
  await using next = serve(make(), { ...reusing, port: serving.server.port! })
  const stopped = serving.stop({ within: 60_000 })
  const moved = await enter(next.url)
  for (const one of [socket, moved]) {
    one.send(JSON.stringify(['call', 1, 'ping', 0]))
    expect(await one.until((frame) => frame.startsWith('["ok"'))).toBe('["ok",1,"pong"]')
  }
  goAway(socket)
  await stopped
  expect(await (await callPing(next.url)).json()).toBe('pong')
})
