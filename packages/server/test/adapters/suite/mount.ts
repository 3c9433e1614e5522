/** A router beside an application with routes and sockets of its own. */
import { request } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { rawWebSocket } from '../../../../../tests/support/raw-websocket.js'
import { makeEdge } from '../../shell/edge.js'
import { rawGet } from '../../shell/raw-http.js'
import type { AdapterUnderTest } from './harness.js'

/** A socket of the host's, opened. */
async function chat(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/chat`)
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  return socket
}

let clients = 0

/** A client of its own. */
export async function greeted(url: string) {
  const socket = await rawWebSocket(url)
  onTestFinished(() => socket.cut())
  const client = `${++clients}`.padStart(22, '0')
  socket.send(JSON.stringify(['hello', { v: 1, contract: '0', client }]))
  await socket.until((frame) => frame.startsWith('["welcome"'))
  return socket
}

/** What an upgrade is answered with that is none. */
export function refusedUpgrade(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const asked = request(url, {
      headers: {
        ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
        ...{ 'sec-websocket-key': btoa('0123456789abcdef'), ...headers },
      },
    })
    asked.once('error', reject)
    asked.once('upgrade', () => reject(new Error('it was upgraded')))
    asked.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.once('end', () => resolve({ status: response.statusCode, text }))
    })
    asked.end()
  })
}

export function mountTests({ host }: AdapterUnderTest): void {
  async function startHost(path = '/realtime') {
    const edge = makeEdge()
    return { ...edge, ...(await host(edge.router, path)) }
  }

  test('answers what is under its path, and the application is not asked, not even for an upgrade', async () => {
    const { url, asked, told } = await startHost()
    const socket = await greeted(`${url}/realtime`)
    const posted = await fetch(`${url}/realtime/call/nothing`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    })
    expect(posted.status).toBe(204)
    expect((await fetch(`${url}/realtime/nowhere`)).status).toBe(404)
    expect((await fetch(`${url}/realtime`)).status).toBe(426)
    const events = await fetch(`${url}/realtime/events/feed?from=first`)
    expect(events.headers.get('content-type')).toBe('text/event-stream')
    await events.body?.cancel()
    socket.send('["ping"]')
    await socket.until((frame) => frame === '["pong"]')
    expect({ asked, told }).toEqual({ asked: [], told: [] })
  })

  test.each(['/', '/realtimes', '/realtim', '/other/realtime', '/?path=/realtime'])(
    'leaves %s to the application',
    async (path) => {
      const { url, asked } = await startHost()
      expect(await (await fetch(url + path)).text()).toContain('the host has')
      expect(asked).toHaveLength(1)
    },
  )

  test.each(['/deep/down', 'deep/down', '/deep/down/'])('can be mounted at %s', async (path) => {
    const { url } = await startHost(path)
    expect((await fetch(`${url}/deep/down/health`)).status).toBe(200)
    await greeted(`${url}/deep/down`)
  })

  test('can have the root, and then answers everything', async () => {
    const { url, asked } = await startHost('/')
    expect((await fetch(`${url}/health`)).status).toBe(200)
    await greeted(`${url}/`)
    expect(asked).toEqual([])
  })

  test('tells a client without the subprotocol what to offer, and upgrades nothing', async () => {
    const { url, told } = await startHost()
    for (const headers of [{ 'sec-websocket-protocol': 'chat.1, parley.2' }, {} as Record<string, string>]) {
      const { status, text } = await refusedUpgrade(`${url}/realtime`, headers)
      expect(status).toBe(400)
      expect(text).toContain('parley.1')
    }
    expect(told).toEqual([])
  })

  test('upgrades nothing below its path', async () => {
    const { url, router } = await startHost()
    const headers = { 'sec-websocket-protocol': 'parley.1' }
    expect(await refusedUpgrade(`${url}/realtime/events/feed`, headers)).toMatchObject({ status: 404 })
    expect(router.inspect().connections).toBe(0)
  })

  test('chooses its subprotocol among several', async () => {
    const { url } = await startHost()
    const socket = new WebSocket(`${url.replace('http', 'ws')}/realtime`, ['chat.1', 'parley.1'])
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onerror = reject
    })
    expect(socket.protocol).toBe('parley.1')
    expect(socket.extensions).toBe('') // nothing is compressed unless somebody asks for it
    socket.terminate()
  })

  describe('the application’s own sockets', () => {
    test('reach the application’s handler, and Parley’s do not', async () => {
      const { url, told, router } = await startHost()
      const parley = await greeted(`${url}/realtime`)
      const own = await chat(url)
      own.send('hello')
      await expect.poll(() => told).toContain('message hello')
      parley.cut()
      await expect.poll(() => router.inspect().connections).toBe(0)
      own.close(1000, 'done')
      await expect.poll(() => told).toContain('close 1000 done')
      expect(told).toEqual(['open', 'message hello', 'close 1000 done'])
    })

    test('may close while Parley’s go on', async () => {
      const { url, told, hub } = await startHost()
      const parley = await greeted(`${url}/realtime`)
      parley.send(JSON.stringify(['sub', 1, 'room', { id: 'a' }, null]))
      await parley.until((frame) => frame.startsWith('["live"'))
      const own = await chat(url)
      own.close()
      await expect.poll(() => told.at(-1)).toMatch(/^close/)
      await hub.channel.room({ id: 'a' }).emit('message', { text: 'hello' })
      await parley.until((frame) => frame.includes('hello'))
    })
  })

  test('an address that is longer than any server takes is refused, and harms nobody else', async () => {
    const { url, router } = await startHost()
    const parley = await greeted(`${url}/realtime`)
    const { until, cut } = rawGet(`${url}/realtime/events/feed?from=${'x'.repeat(200_000)}`)
    expect(await until(/^HTTP.*\r\n/)).toMatch(/^HTTP\/1\.1 4\d\d /)
    cut()
    parley.send('["ping"]')
    await parley.until((frame) => frame === '["pong"]')
    expect(router.inspect().readers).toBe(0)
  })

  test('a request that is no HTTP, and an upgrade that is none, are answered, and harm nobody else', async () => {
    const { url } = await startHost()
    const parley = await greeted(`${url}/realtime`)
    for (const nonsense of ['Host: a b', 'Content-Length: soon', 'Transfer-Encoding: what, chunked']) {
      const { until, cut } = rawGet(`${url}/realtime/health`, nonsense)
      expect(await until(/^HTTP.*\r\n/)).toMatch(/^HTTP\/1\.1 (200|[45]\d\d) /)
      cut()
    }
    const spoilt: Record<string, string>[] = [
      { 'sec-websocket-key': 'short' },
      { 'sec-websocket-version': '7' },
      { upgrade: 'later' },
    ]
    for (const headers of spoilt) {
      headers['sec-websocket-protocol'] = 'parley.1'
      const { status } = await refusedUpgrade(`${url}/realtime`, headers)
      expect(status).toBeGreaterThanOrEqual(400)
    }
    parley.send('["ping"]')
    await parley.until((frame) => frame === '["pong"]')
  })
}
