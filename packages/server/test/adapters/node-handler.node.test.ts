/** What is Node's alone: its streams, its time-outs, and the frameworks that sit on `node:http`. */
import { once } from 'node:events'
import { Agent, createServer, type RequestListener, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { anyone, createEmitter, createHub, createRouter } from '@parley/server'
import { type NodeHandler, nodeHandler, nodeListener, serve } from '@parley/server/node'
import { call, channel, defineContract, type Report } from '@parley/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { type EdgeOptions, makeEdge } from '../shell/edge.js'
import { rawGet } from '../shell/raw-http.js'
import { greeted } from './suite/mount.js'

async function listening(listener: RequestListener, handler?: NodeHandler): Promise<string> {
  const server = createServer(listener)
  if (handler) server.on('upgrade', handler.upgrade)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function startServed(options: EdgeOptions = {}, rest: { fetch?: (request: Request) => Response } = {}) {
  const edge = makeEdge(options)
  const serving = await serve(edge.router, { port: 0, hostname: '127.0.0.1', ...rest })
  onTestFinished(() => serving.stop())
  return { ...edge, ...serving }
}

const json = { 'content-type': 'application/json' }
const post = (url: string, body?: string) =>
  fetch(url, { method: 'POST', headers: json, ...(body === undefined ? {} : { body }) })

test('is found by its whole path where a router of the host took a part of it off', async () => {
  const edge = makeEdge()
  const realtime = nodeHandler(edge.router, { path: '/api/realtime' })
  const url = await listening((req, res) => {
    // as Express does for `app.use('/api', ...)`
    Object.assign(req, { originalUrl: req.url, url: req.url?.replace('/api', '') })
    if (!realtime.handle(req, res)) res.end('next')
  })
  expect((await fetch(`${url}/api/realtime/health`)).status).toBe(200)
  expect(await (await fetch(`${url}/api/other`)).text()).toBe('next')
})

test('a target that is no address throws nothing past the edge, whatever fails', async () => {
  const reports: Report[] = []
  const listener = nodeListener(() => new Response('never'), { onReport: (report) => reports.push(report) })
  const url = new URL(
    await listening(async (req, res) => {
      for await (const _ of req);
      listener(req, res)
    }),
  )
  const socket = connect(Number(url.port), url.hostname)
  socket.end('POST * HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\n\r\n1')
  const [head] = await once(socket, 'data')
  expect(String(head)).toMatch(/^HTTP\/1.1 500 /)
  expect(reports).toMatchObject([{ kind: 'handler-failed', path: '*' }])
})

test('a body that a parser in front has read is no hanging call: the answer and the report say what to do', async () => {
  const edge = makeEdge()
  const realtime = nodeHandler(edge.router)
  const url = await listening(async (req, res) => {
    for await (const _ of req); // as `express.json()` does
    realtime.handle(req, res)
  })
  const response = await post(`${url}/realtime/call/size`, '"abc"')
  expect(response.status).toBe(500)
  expect(edge.reports).toMatchObject([
    {
      ...{ kind: 'handler-failed', path: '/realtime/call/size' },
      error: { code: 'BAD_OPTIONS', message: expect.stringContaining('in front of any body parser') },
    },
  ])
})

test('a client that is gone before the host in front hands its request on is no fault to report, and runs nothing', async () => {
  const edge = makeEdge()
  const realtime = nodeHandler(edge.router)
  const handed: Promise<void>[] = []
  const url = new URL(
    await listening((req, res) => {
      // as a middleware that asks a database first
      handed.push(once(res, 'close').then(() => void realtime.handle(req, res)))
    }),
  )
  const head = ['POST /realtime/call/size HTTP/1.1', `Host: ${url.host}`, 'Content-Type: application/json']
  const bodies = [
    'Content-Length: 3\r\n\r\n"a"',
    'Content-Length: 3\r\n\r\n"',
    'Transfer-Encoding: chunked\r\n\r\n',
  ]
  for (const [n, body] of bodies.entries()) {
    const socket = connect(Number(url.port), url.hostname)
    socket.write([...head, body].join('\r\n'))
    await expect.poll(() => handed.length).toBe(n + 1)
    socket.resetAndDestroy()
  }
  await Promise.all(handed)
  await new Promise((resolve) => setImmediate(resolve))
  await edge.hub.close()
  expect(edge.reports).toEqual([])
})

test('what is set for the answer by the host in front stays', async () => {
  const edge = makeEdge()
  const realtime = nodeHandler(edge.router)
  const url = await listening((req, res) => {
    res.setHeader('x-powered-by', 'the host')
    realtime.handle(req, res)
  })
  expect((await fetch(`${url}/realtime/health`)).headers.get('x-powered-by')).toBe('the host')
})

test('`fetch` answers for a host that has requests and responses of its own, and leaves it the rest', async () => {
  const { fetch } = nodeHandler(makeEdge().router)
  const response = await fetch(new Request('http://localhost/realtime/health'))
  expect(await response?.json()).toEqual({ status: 'ok' })
  expect(fetch(new Request('http://localhost/health'))).toBeUndefined()
})

test('an answer of the application goes out whole: its cookies one by one, its stream as it comes', async () => {
  let more = (_text: string): void => {}
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      more = (text) => controller.enqueue(new TextEncoder().encode(text))
      more('first')
    },
  })
  const headers = new Headers({ 'x-of': 'the app' })
  for (const cookie of ['a=1; Path=/', 'b=2']) headers.append('set-cookie', cookie)
  const { url } = await startServed({}, { fetch: () => new Response(stream, { status: 202, headers }) })
  const { until, cut } = rawGet(new URL('/page', url).href)
  const head = await until(/first/)
  expect(head).toMatch(/^HTTP\/1\.1 202 /)
  expect(head.match(/^set-cookie: .*$/gim)).toEqual(['set-cookie: a=1; Path=/', 'set-cookie: b=2'])
  more('second')
  await until(/second/)
  cut()
})

test('an application that throws is answered for with 500, and reported', async () => {
  const { url, reports } = await startServed({}, { fetch: () => Promise.reject(new Error('boom')) as never })
  expect((await fetch(new URL('/page', url))).status).toBe(500)
  expect(reports).toMatchObject([{ kind: 'handler-failed', path: '/page', error: { message: 'boom' } }])
})

test('one connection serves call after call, one with a body that was too large among them', async () => {
  const { url, server } = await startServed({ limits: { frameBytes: 1_000 } })
  const connections = vi.fn()
  server.on('connection', connections)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const ask = (body: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const asked = request(`${url}/call/size`, { method: 'POST', agent, headers: json }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode))
      })
      asked.once('error', reject)
      asked.write(body.slice(0, 10)) // so that nobody says how long it is
      asked.end(body.slice(10))
    })
  const large = JSON.stringify('x'.repeat(300_000))
  expect([await ask('"abc"'), await ask(large), await ask('"abc"')]).toEqual([200, 413, 200])
  expect(connections).toHaveBeenCalledTimes(1)
})

test('the time-out of a connection is what it was, once an answer has gone out', async () => {
  const { url, server } = await startServed()
  server.keepAliveTimeout = 0 // as long as it likes
  const sockets: Socket[] = []
  server.on('connection', (socket) => sockets.push(socket))
  expect((await fetch(`${url}/health`)).status).toBe(200)
  await expect.poll(() => sockets[0]?.timeout ?? 0).toBe(0)
})

test('a reader of SSE that takes nothing is let go after `stalledMs`; a quiet one is kept', async () => {
  const { url, hub, router } = await startServed({ limits: { stalledMs: 300 } })
  const [quiet, stalled] = ['quiet', 'stalled'].map((id) => rawGet(`${url}/events/room?id=${id}`))
  await Promise.all([quiet!, stalled!].map((reader) => reader.until(/parley\.live/)))
  stalled!.pause()
  const room = hub.channel.room({ id: 'stalled' })
  const text = 'x'.repeat(100_000)
  while (router.inspect().queuedBytes < 1_000_000) {
    await room.emit('message', { text })
    await new Promise((resolve) => setImmediate(resolve))
  }
  await expect.poll(() => router.inspect().readers).toBe(1)
  await hub.channel.room({ id: 'quiet' }).emit('message', { text: 'still there' })
  await quiet!.until(/still there/)
  for (const reader of [quiet!, stalled!]) reader.cut()
  await expect.poll(() => router.inspect()).toMatchObject({ readers: 0, timers: 0, queuedBytes: 0 })
})

test('a WebSocket that takes nothing is closed with a code of its own, and counts no more', async () => {
  const contract = defineContract({
    flood: channel({ events: { item: z.string() }, replay: { last: 1_000, for: '10m', bytes: 1e9 } }),
  })
  const hub = createHub(contract, { limits: { stalledMs: 1_500 } })
  const router = createRouter(hub, { flood: { join: anyone } })
  const serving = await serve(router, { port: 0, hostname: '127.0.0.1' })
  onTestFinished(() => serving.stop())
  const socket = await greeted(serving.url)
  socket.send(JSON.stringify(['sub', 1, 'flood', null, null]))
  await socket.until((frame) => frame.startsWith('["live"'))
  socket.pause()
  while (router.inspect().queuedBytes < 1_000_000) {
    await hub.channel.flood.emit('item', 'x'.repeat(100_000))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await expect.poll(() => router.inspect().connections).toBe(0)
  expect(router.inspect()).toMatchObject({ readers: 0, queuedBytes: 0 })
  socket.resume()
  expect(await socket.closed).toMatchObject({ code: 4002 })
})

test('an upgrade to something else is refused with what to do, for Node cannot take it for a request', async () => {
  const { url } = await startServed()
  const h2c = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']
  const { ended } = rawGet(`${url}/health`, ...h2c)
  expect(await ended).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*ask without an `Upgrade`$/)
})

test('a client that pings without end, and takes no answer, is cut off before much is kept for it', async () => {
  const { url, router } = await startServed()
  const socket = await greeted(url)
  socket.pause()
  let most = 0
  while (router.inspect().connections > 0) {
    for (let n = 0; n < 500; n++) socket.ping('x'.repeat(125))
    await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, router.inspect().queuedBytes)
  }
  expect(most).toBeLessThan(1_000_000)
})

test('a message in more pieces than any client makes is refused', async () => {
  const { url, reports, router } = await startServed()
  const { hostname, port, pathname, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  const upgrade = [
    ...[`GET ${pathname} HTTP/1.1`, `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${btoa('0123456789abcdef')}`],
    'Sec-WebSocket-Protocol: parley.1',
  ]
  socket.write(`${upgrade.join('\r\n')}\r\n\r\n`)
  const [head] = await once(socket, 'data')
  expect(String(head)).toMatch(/^HTTP\/1\.1 101 /)
  const [first, piece] = [0x01, 0x00].map((op) => Buffer.from([op, 0x81, 0, 0, 0, 0, 0x61]))
  socket.write(Buffer.concat([first!, ...Array<Buffer>(20_000).fill(piece!)]))
  const [close] = (await once(socket, 'data')) as [Buffer]
  expect([close[0], close.readUInt16BE(2)]).toEqual([0x88, 1008])
  await expect.poll(() => router.inspect()).toMatchObject({ connections: 0, timers: 0 })
  expect(reports).toEqual([])
})

test('a close comes after everything that was queued before it', async () => {
  const { url, hub, router } = await startServed()
  const socket = await greeted(url)
  socket.send(JSON.stringify(['sub', 1, 'room', { id: 'a' }, null]))
  await socket.until((frame) => frame.startsWith('["live"'))
  socket.pause()
  const text = 'x'.repeat(50_000)
  let count = 0
  while (router.inspect().queuedBytes < 300_000) {
    await hub.channel.room({ id: 'a' }).emit('message', { text: `${count++} ${text}` })
    await new Promise((resolve) => setImmediate(resolve))
  }
  await hub.close()
  socket.resume()
  expect((await socket.closed).code).toBe(4000)
  const numbers = socket.frames
    .map((frame) => /"text":"(\d+) /.exec(frame)?.[1])
    .filter((n) => n !== undefined)
  expect(numbers).toEqual(Array.from({ length: count }, (_, n) => String(n)))
})

test('clients that take nothing do not hold a stop up', async () => {
  const { url, hub, router, stop } = await startServed()
  const socket = await greeted(url)
  socket.send(JSON.stringify(['sub', 1, 'room', { id: 'a' }, null]))
  await socket.until((frame) => frame.startsWith('["live"'))
  const sse = rawGet(`${url}/events/room?id=a`)
  await sse.until(/parley\.live/)
  for (const reader of [socket, sse]) reader.pause()
  const text = 'x'.repeat(100_000)
  while (router.inspect().live > 0) {
    await hub.channel.room({ id: 'a' }).emit('message', { text })
    await new Promise((resolve) => setImmediate(resolve))
  }
  await stop()
  await expect(fetch(url)).rejects.toThrow()
  for (const reader of [socket, sse]) reader.cut()
})

test('the request of a socket is aborted when the socket is gone, for whoever keeps it', async () => {
  const requests: Request[] = []
  const { url } = await startServed({
    onContext: async (one) => void (one && requests.push(one)),
  })
  const socket = await greeted(url)
  expect(requests[0]?.signal.aborted).toBe(false)
  expect(requests[0]?.headers.get('sec-websocket-protocol')).toBe('parley.1')
  socket.cut()
  await expect.poll(() => requests[0]?.signal.aborted).toBe(true)
})

test('stopping waits for the answer that is on its way, and no longer', async () => {
  const contract = defineContract({ slow: call({ output: z.string() }) })
  const reports: Report[] = []
  let begin = (): void => {}
  const started = new Promise<void>((resolve) => {
    begin = resolve
  })
  let release = (_: string): void => {}
  const hub = createHub(contract, { onReport: (report) => reports.push(report) })
  const router = createRouter(hub, {
    slow: () => {
      begin()
      return new Promise<string>((resolve) => {
        release = resolve
      })
    },
  })
  const serving = await serve(router, { port: 0, hostname: '127.0.0.1' })
  const answered = post(`${serving.url}/call/slow`).then((response) => response.json())
  await started
  const stopped = serving.stop({ within: 20_000 })
  release('done')
  expect(await answered).toBe('done')
  await stopped
  expect(reports).toEqual([])
})

test('an emitter without a hub streams through a plain listener, and has no reader once its client is gone', async () => {
  const contract = defineContract({ news: channel({ events: { posted: z.string() } }) })
  const emitter = createEmitter(contract, 'news')
  onTestFinished(() => emitter.close())
  const url = await listening(nodeListener((request) => emitter.respond(request)))
  const { until, cut } = rawGet(`${url}/anywhere`)
  await until(/parley\.live/)
  await emitter.emit('posted', 'hello')
  await until(/"hello"/)
  expect(emitter.inspect().readers).toBe(1)
  cut()
  await expect.poll(() => emitter.inspect().readers).toBe(0)
})

test('a handler of one’s own that throws is a 500 and a report, in the middle of its answer a cut', async () => {
  const reports: Report[] = []
  let fail = (): void => {}
  const broken = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('begun'))
      fail = () => controller.error(new Error('broken'))
    },
  })
  const url = await listening(
    nodeListener(
      (request) => {
        if (!request.url.endsWith('/stream')) throw new Error('boom')
        return new Response(broken)
      },
      { onReport: (report) => reports.push(report) },
    ),
  )
  const { until, ended } = rawGet(`${url}/stream`)
  await until(/begun/)
  expect((await fetch(`${url}/page?secret=1`)).status).toBe(500)
  fail()
  expect(await ended).not.toMatch(/\r\n0\r\n\r\n$/) // so that nobody takes it for whole
  expect(reports).toMatchObject([
    { kind: 'handler-failed', path: '/page', error: { message: 'boom' } },
    { kind: 'handler-failed', path: '/stream', error: { message: 'broken' } },
  ])
})
