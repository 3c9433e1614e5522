import { bunHandler } from '@parley/server/bun'
import type { ServerWebSocket, WebSocketHandler } from 'bun'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeEdge } from '../shell/edge.js'
import { greeted } from './suite/mount.js'

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
  const app = (request: Request, server: Bun.Server<HostData>) => {
    const { pathname } = new URL(request.url)
    if (pathname !== '/chat') return new Response(`the host has ${pathname}`)
    return server.upgrade(request, { data: { chat: 'ours' } })
      ? undefined
      : new Response(null, { status: 426 })
  }
  const server = Bun.serve<HostData>({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request, self) => realtime.fetch(request, self) ?? app(request, self),
    websocket: realtime.websocket,
  })
  onTestFinished(() => server.stop(true))
  return { ...edge, told, url: server.url.href.replace(/\/$/, '') }
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

test('a ping and its pong reach the handler of the socket they are for', async () => {
  const { url, told } = startHost()
  const parley = await greeted(`${url}/realtime`)
  parley.ping('from a Parley client')
  const own = await chat(url)
  ;(own as unknown as { ping(data: string): void }).ping('are you there')
  await expect.poll(() => told).toContain('ping ours are you there')
  expect(told.filter((one) => one.startsWith('ping'))).toHaveLength(1)
  own.close()
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
    // which it had heard of
    const welcome = await parley.until((frame) => frame.startsWith('["welcome"'))
    expect(JSON.parse(welcome)).toContainEqual(expect.objectContaining({ frameBytes: 1_000 }))
    await expect.poll(() => router.inspect().connections).toBe(0)
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
