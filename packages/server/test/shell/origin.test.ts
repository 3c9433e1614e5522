import { createEmitter } from '@parley/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { contract } from './edge.js'

const friend = 'https://friend.example:8443'
const foreign = 'https://foreign.example'

describe('an emitter in a route of one’s own', () => {
  /** A route that reads no method and no origin: that is the emitter's. */
  function startRoute() {
    const emitter = createEmitter(contract, 'feed', { allowedOrigins: [friend] })
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => emitter.respond(request) })
    onTestFinished(async () => {
      emitter.close()
      await server.stop(true)
    })
    return server.url.href
  }

  test('answers the preflight of an allowed origin, and its GET', async () => {
    const url = startRoute()
    const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: friend } })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(friend)
    const response = await fetch(url, { headers: { origin: friend } })
    expect(response.headers.get('access-control-allow-origin')).toBe(friend)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    await response.body?.cancel()
  })

  test('refuses other origins and other methods', async () => {
    const url = startRoute()
    expect((await fetch(url, { method: 'OPTIONS', headers: { origin: foreign } })).status).toBe(403)
    expect((await fetch(url, { headers: { origin: foreign } })).status).toBe(403)
    const posted = await fetch(url, { method: 'POST' })
    expect(posted.status).toBe(405)
    expect(posted.headers.get('allow')).toBe('GET, OPTIONS')
  })
})
