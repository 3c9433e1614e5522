/** What strangers leave in an Ereo server by the addresses that they ask an upgrade at. */
import { createHub, createRouter } from '@parley/server'
import { completeEreo } from '@parley/server/ereo'
import { call, defineContract } from '@parley/shared'
import { expect, onTestFinished, test } from 'vitest'
import { refusedUpgrade } from '../../packages/server/test/adapters/suite/mount.js'
import { rawGet } from '../../packages/server/test/shell/raw-http.js'
import { ereoServer, mounted } from './ereo-host.js'

async function start() {
  const hub = createHub(defineContract({ ping: call({}) }))
  const router = createRouter(hub, { ping: () => {} })
  const waiting: (() => void)[] = []
  const server = await ereoServer({
    ...mounted(router, '/api/ws'),
    '/rooms/[id]': {
      // as a middleware that asks a database
      middleware: [
        async (_request: Request, _context: unknown, next: () => unknown) => {
          await new Promise<void>((resolve) => waiting.push(resolve))
          return next()
        },
      ],
      GET: ({ request, context }: { request: Request; context: Map<string, Bun.Server<unknown>> }) =>
        context.get('server')?.upgrade(request, { data: { room: new URL(request.url).pathname } }),
      websocket: {
        message: (ws: Bun.ServerWebSocket<{ room: string }>, said: string) =>
          ws.send(`${ws.data.room} ${said}`),
      },
    },
  })
  const bun = await server.start()
  completeEreo(server)
  onTestFinished(async () => {
    await hub.close()
    await bun.stop(true)
  })
  return { url: `http://127.0.0.1:${bun.port}`, waiting, entries: Reflect.get(server, 'wsUpgradeHandlers') }
}

/** A socket of a room, asked for and not yet let in. */
function room(url: string, id: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/rooms/${id}`)
  onTestFinished(() => socket.close())
  const opened = new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`))
  })
  const ask = (text: string): Promise<string> => {
    socket.send(text)
    return new Promise((resolve) => {
      socket.onmessage = ({ data }) => resolve(data)
    })
  }
  return { opened, ask }
}

test('one address in a hundred spellings leaves nothing, whatever it was answered', async () => {
  const { url, entries } = await start()
  for (let n = 1; n <= 50; n++) {
    const { status } = await refusedUpgrade(`${url}${'/'.repeat(n)}api/ws`)
    expect(status).toBe(n === 1 ? 400 : 404)
    expect(await refusedUpgrade(`${url}/api/%77s${'/'.repeat(n)}`)).toMatchObject({ status: 404 })
  }
  expect(entries).toEqual([])
})

test('sockets of one address that are let in one after the other all go on, and their address is forgotten', async () => {
  const { url, waiting, entries } = await start()
  const [first, second] = [room(url, 'a'), room(url, 'a')]
  await expect.poll(() => waiting.length).toBe(2)
  waiting[0]!()
  await first.opened
  expect(entries).toHaveLength(1) // the second one still waits for it
  waiting[1]!()
  await second.opened
  await expect.poll(() => entries).toEqual([])
  for (const { ask } of [first, second]) expect(await ask('hello')).toBe('/rooms/a hello')
})

test('who asks beside the path of a route can read why in a browser', async () => {
  const { url } = await start()
  const response = await fetch(`${url}/api/%77s`)
  expect(response.status).toBe(404)
  expect(response.headers.get('content-type')).toMatch('text/plain')
  expect(await response.text()).toBe(
    '/api/%77s is not below /api/ws, which is the `path` that ereoRoute was given',
  )
})

test('a request whose host is none is answered as a bad one, and not as a fault of the server', async () => {
  const { url } = await start()
  for (const host of ['a b', '[', '']) {
    const { until, cut } = rawGet(`${url}/api/ws/health`, `Host: ${host}`)
    expect(await until(/^HTTP.*\r\n/)).toMatch(/^HTTP\/1\.1 400 /)
    cut()
  }
})
