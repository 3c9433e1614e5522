import { bunHandler } from '@parley/server/bun'
import type { ServerWebSocket, WebSocketHandler } from 'bun'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { rawWebSocket } from '../../../../tests/support/raw-websocket.js'
import { makeEdge } from '../shell/edge.js'

interface HostData {
  readonly chat: string
}

/** An application with routes and sockets of its own, and Parley beside them. */
function startHost(websocket: Partial<WebSocketHandler<HostData>> = {}, path = '/realtime') {
  const edge = makeEdge()
  const told: string[] = []
  const tell =
    (what: string) =>
    (ws: ServerWebSocket<HostData>, ...rest: unknown[]) => {
      told.push([what, ws.data.chat, ...rest.map(String)].join(' '))
    }
  const realtime = bunHandler<{ user: string }, HostData>(edge.router, {
    path,
    websocket: {
      ...{ open: tell('open'), message: tell('message'), close: tell('close') },
      ...{ drain: tell('drain'), ping: tell('ping'), pong: tell('pong') },
      ...websocket,
    },
  })
  const app = vi.fn((request: Request, server: Bun.Server<HostData>) => {
    const { pathname } = new URL(request.url)
    if (pathname !== '/chat') return new Response(`the host has ${pathname}`)
    return server.upgrade(request, { data: { chat: 'ours' } })
      ? undefined
      : new Response(null, { status: 426 })
  })
  const server = Bun.serve<HostData>({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request, self) => realtime.fetch(request, self) ?? app(request, self),
    websocket: realtime.websocket,
  })
  onTestFinished(() => server.stop(true))
  return { ...edge, app, told, url: server.url.href.replace(/\/$/, '') }
}

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
async function greeted(url: string) {
  const socket = await rawWebSocket(url)
  const client = `${++clients}`.padStart(22, '0')
  socket.send(JSON.stringify(['hello', { v: 1, contract: '0', client }]))
  await socket.until((frame) => frame.startsWith('["welcome"'))
  return socket
}

describe('a router mounted beside an application', () => {
  test('answers what is under its path, and the application is not asked, not even for an upgrade', async () => {
    const { url, app } = startHost()
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
    expect(app).not.toHaveBeenCalled()
    socket.cut()
  })

  test.each(['/', '/realtimes', '/realtim', '/other/realtime', '/?path=/realtime'])(
    'leaves %s to the application',
    async (path) => {
      const { url, app } = startHost()
      expect(await (await fetch(url + path)).text()).toContain('the host has')
      expect(app).toHaveBeenCalledOnce()
    },
  )

  test.each(['/deep/down', 'deep/down', '/deep/down/'])('can be mounted at %s', async (path) => {
    const { url } = startHost({}, path)
    expect((await fetch(`${url}/deep/down/health`)).status).toBe(200)
    const socket = await greeted(`${url}/deep/down`)
    socket.cut()
  })

  test('can have the root, and then answers everything', async () => {
    const { url, app } = startHost({}, '/')
    expect((await fetch(`${url}/health`)).status).toBe(200)
    const socket = await greeted(`${url}/`)
    socket.cut()
    expect(app).not.toHaveBeenCalled()
  })

  test('tells a client without the subprotocol what to offer, and upgrades nothing', async () => {
    const { url, told } = startHost()
    const response = await fetch(`${url}/realtime`, {
      headers: {
        ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
        ...{ 'sec-websocket-key': btoa('0123456789abcdef'), 'sec-websocket-protocol': 'chat.1' },
      },
    })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('parley.1')
    expect(told).toEqual([])
  })
})

describe('the application’s own sockets', () => {
  test('reach the application’s handler, and Parley’s do not', async () => {
    const { url, told, router } = startHost()
    const parley = await greeted(`${url}/realtime`)
    const own = await chat(url)
    own.send('hello')
    ;(own as unknown as { ping(data: string): void }).ping('are you there')
    await vi.waitFor(() => expect(told).toContain('ping ours are you there'))
    parley.cut()
    await vi.waitFor(() => expect(router.inspect().connections).toBe(0))
    own.close(1000, 'done')
    await vi.waitFor(() => expect(told).toContain('close ours 1000 done'))
    expect(told).toEqual([
      'open ours',
      'message ours hello',
      'ping ours are you there',
      'close ours 1000 done',
    ])
  })

  test('may close and ping while Parley’s go on', async () => {
    const { url, told, hub } = startHost()
    const parley = await greeted(`${url}/realtime`)
    parley.send(JSON.stringify(['sub', 1, 'room', { id: 'a' }, null]))
    await parley.until((frame) => frame.startsWith('["live"'))
    parley.ping('from a Parley client')
    const own = await chat(url)
    own.close()
    await vi.waitFor(() => expect(told.at(-1)).toMatch(/^close/))
    await hub.channel.room({ id: 'a' }).emit('message', { text: 'hello' })
    await parley.until((frame) => frame.includes('hello'))
    expect(told.filter((one) => one.startsWith('ping'))).toEqual([])
    parley.cut()
  })
})

describe('the limits of the server', () => {
  test('are the application’s, for its sockets and for Parley’s', async () => {
    const { url, router } = startHost({ maxPayloadLength: 1_000 })
    const own = await chat(url)
    const closed = new Promise<number>((resolve) => {
      own.onclose = ({ code }) => resolve(code)
    })
    own.send('x'.repeat(1_001))
    expect(await closed).toBe(1_009)
    const parley = await greeted(`${url}/realtime`)
    parley.send(`["call",1,"size",0,"${'x'.repeat(1_001)}"]`)
    expect((await parley.closed).code).toBe(1_009)
    await vi.waitFor(() => expect(router.inspect().connections).toBe(0))
  })

  test('are Parley’s own where the application brings no sockets', async () => {
    const edge = makeEdge({ limits: { frameBytes: 5_000 } })
    const { websocket } = bunHandler(edge.router)
    expect(websocket).toMatchObject({ backpressureLimit: 0, maxPayloadLength: 5_000, sendPings: true })
  })
})

test('two servers may mount one router, and an event reaches the sockets of both', async () => {
  const edge = makeEdge()
  const realtime = bunHandler(edge.router)
  const sockets = await Promise.all(
    [0, 0].map(async (port) => {
      const server = Bun.serve({
        ...{ port, hostname: '127.0.0.1', websocket: realtime.websocket },
        fetch: (request, self) => realtime.fetch(request, self) ?? new Response(null, { status: 404 }),
      })
      onTestFinished(() => server.stop(true))
      const socket = await greeted(`${server.url.href}realtime`)
      socket.send(JSON.stringify(['sub', 1, 'room', { id: 'a' }, null]))
      await socket.until((frame) => frame.startsWith('["live"'))
      return socket
    }),
  )
  await edge.hub.channel.room({ id: 'a' }).emit('message', { text: 'to both' })
  await Promise.all(sockets.map((socket) => socket.until((frame) => frame.includes('to both'))))
  for (const socket of sockets) socket.cut()
})
