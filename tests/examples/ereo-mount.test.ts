/** A router in a real Ereo server, beside what else is mounted there: with the sockets that Ereo has, and completed. */
import { compress, createServer, type ServerOptions } from '@ereo/server'
import { createClient } from '@parley/client'
import { anyone, createEmitter, createHub, createRouter } from '@parley/server'
import {
  completeEreo,
  type EreoArgs,
  type EreoSocketOptions,
  ereoRoute,
  exceptEvents,
} from '@parley/server/ereo'
import { call, channel, defineContract } from '@parley/shared'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ereoServer, mounted } from './ereo-host.js'

const contract = defineContract({
  room: channel({ events: { said: z.string() }, presence: z.object({ name: z.string() }) }),
  echo: call({ input: z.string(), output: z.string() }),
})

interface Setting {
  readonly isCompleted: boolean
  readonly sockets?: EreoSocketOptions
}

async function startEreo({ isCompleted, sockets }: Setting, options: ServerOptions = {}) {
  const hub = createHub(contract, {
    auth: z.string().optional(),
    context: ({ auth }) => ({ name: auth ?? 'guest' }),
    identify: ({ name }) => name,
    onReport: () => {},
  })
  const router = createRouter(hub, {
    room: { join: anyone, presence: ({ context }) => ({ name: context.name }) },
    echo: ({ input }) => input,
  })
  const emitter = createEmitter(contract, 'room')
  const server = await ereoServer(
    {
      ...mounted(router, '/api/ws'),
      '/nobody': {
        GET: ({ request, context }: EreoArgs) =>
          (context.get('server') as Bun.Server<object>).upgrade(request, { data: {} }) || undefined,
      },
      '/api/events': { GET: ({ request }: { request: Request }) => emitter.respond(request) },
    },
    options,
  )
  server.use(exceptEvents(compress()))
  const own: string[] = []
  server.addWebSocketUpgrade('/own', () => true, {
    message: (ws: WebSocket, message: string) => ws.send(`own ${message}`),
    close: (_ws: unknown, code?: number) => own.push(`closed with ${code}`),
  })
  const bun = await server.start()
  if (isCompleted) completeEreo(server, sockets)
  onTestFinished(async () => {
    emitter.close()
    await hub.close()
    await bun.stop(true)
  })
  const url = `http://127.0.0.1:${bun.port}`
  const connect = (name?: string) => {
    const client = createClient(contract, { url: `${url}/api/ws`, auth: () => name })
    onTestFinished(() => client.connection.close())
    return client
  }
  return { hub, router, emitter, own, url, connect }
}

const ended = (socket: WebSocket): Promise<CloseEvent> =>
  new Promise((resolve) => {
    socket.onclose = resolve
  })

const opened = (url: string, options: object = {}): Promise<WebSocket> => {
  const socket = new WebSocket(url.replace('http', 'ws'), options as never)
  onTestFinished(() => socket.close())
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket)
    socket.onerror = () => reject(new Error('the socket failed'))
  })
}

describe.each([{ isCompleted: true }, { isCompleted: false }])(
  'in an Ereo server, completed: $isCompleted',
  (setting) => {
    test('events, calls and presence come over its socket, and calls over HTTP below the same path', async () => {
      const { hub, url, connect } = await startEreo(setting)
      const client = connect('ann')
      const heard = new Promise((resolve) => client.room.on('said', resolve))
      await client.room.ready()
      await hub.channel.room.emit('said', 'hello')
      expect(await heard).toBe('hello')
      expect(await client.echo('back')).toBe('back')
      expect((await hub.channel.room.members()).map(({ member }) => member)).toEqual(['ann'])
      const response = await fetch(`${url}/api/ws/call/echo`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '"over HTTP"',
      })
      expect(await response.json()).toBe('over HTTP')
      expect((await fetch(`${url}/api/ws/health`)).status).toBe(200)
    })

    test('a foreign page is closed with a code that says so, and an upgrade without our protocol is refused', async () => {
      const { url } = await startEreo(setting)
      const foreign = await opened(`${url}/api/ws`, {
        protocols: ['parley.1'],
        headers: { origin: 'https://elsewhere.example' },
      })
      expect(JSON.parse((await ended(foreign)).reason)).toMatchObject({ code: 'FORBIDDEN' })
      await expect(opened(`${url}/api/ws`)).rejects.toThrow('the socket failed')
    })

    test('a frame that is too large ends its connection, and nobody else’s', async () => {
      const { router, url, connect } = await startEreo(setting)
      const client = connect()
      await client.echo('here')
      const large = await opened(`${url}/api/ws`, { protocols: ['parley.1'] })
      large.send('x'.repeat(1_048_577))
      const { code } = await ended(large)
      // Bun's own, before it was read as a whole; or ours, after
      if (setting.isCompleted) expect([1006, 1009]).toContain(code)
      else expect(code).toBeGreaterThanOrEqual(4_400)
      expect(await client.echo('still here')).toBe('still here')
      expect(router.inspect().connections).toBe(1)
    })

    test('other sockets of the application are served as before', async () => {
      const { own, url } = await startEreo(setting)
      const socket = await opened(`${url}/own`)
      const answer = new Promise((resolve) => {
        socket.onmessage = ({ data }) => resolve(data)
      })
      socket.send('mine')
      expect(await answer).toBe('own mine')
      socket.close(4_321)
      await ended(socket)
      await expect.poll(() => own).toEqual([`closed with ${setting.isCompleted ? 4_321 : undefined}`])
    })

    test('compression in front holds no event back', async () => {
      const { emitter, url } = await startEreo(setting)
      const response = await fetch(`${url}/api/events`, {
        headers: { accept: '*/*', 'accept-encoding': 'gzip' },
      })
      expect(response.headers.get('content-encoding')).toBeNull()
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
      onTestFinished(() => reader.cancel())
      let read = ''
      const until = async (sought: string) => {
        while (!read.includes(sought)) read += (await reader.read()).value ?? ''
      }
      await until('parley.ready')
      await emitter.emit('said', 'at once')
      await until('at once')
    })
  },
)

test('a page that is closed has left at once only where the server is completed', async () => {
  for (const isCompleted of [true, false]) {
    const { hub, connect, router } = await startEreo({ isCompleted })
    const client = connect('ann')
    client.room.on('said', () => {})
    await client.room.ready()
    await expect.poll(() => router.inspect().present).toBe(1)
    client.connection.close()
    await expect.poll(() => router.inspect().connections).toBe(0)
    expect(await hub.channel.room.members()).toHaveLength(isCompleted ? 0 : 1)
    expect(router.inspect().sessions).toBe(isCompleted ? 0 : 1)
  }
})

test('a limit that is given as nothing is Bun’s own, and no event is published under it', async () => {
  const { connect, router } = await startEreo({
    isCompleted: true,
    sockets: { backpressureLimit: undefined } as unknown as EreoSocketOptions,
  })
  const client = connect()
  client.room.on('said', () => {})
  await client.room.ready()
  expect(router.inspect()).toMatchObject({ live: 1, nativeSubscriptions: 0 })
})

test('a client hears of the largest frame that the server takes, and sends no larger one', async () => {
  const { connect } = await startEreo({ isCompleted: true, sockets: { maxPayloadLength: 5_000 } })
  const client = connect()
  expect(await client.echo('small')).toBe('small')
  const { error } = await client.echo.safe('x'.repeat(10_000))
  expect(error).toMatchObject({
    code: 'TOO_LARGE',
    message: expect.stringContaining('the server takes 5000'),
  })
})

test('a socket that no route has is told so, and closed', async () => {
  const { url } = await startEreo({ isCompleted: true })
  const { code, reason } = await ended(await opened(`${url}/nobody`))
  expect({ code, reason }).toEqual({ code: 1011, reason: expect.stringContaining('exports `websocket`') })
})

test('an Ereo server that has not started, or is built differently, cannot be completed, and says so', () => {
  const server = createServer({ port: 0 })
  expect(() => completeEreo(server)).toThrow(/after start\(\)/)
  const other = { getServer: () => ({}) as never }
  expect(() => completeEreo(other)).toThrow(/0\.2\.43/)
})

test('a request outside of the path that a route was given is told which that is', async () => {
  const hub = createHub(defineContract({ ping: call({ output: z.string() }) }))
  onTestFinished(() => hub.close())
  const { GET } = ereoRoute(createRouter(hub, { ping: () => 'pong' }), { path: '/realtime' })
  const response = await GET({
    request: new Request('http://localhost/api/ws'),
    context: { get: () => undefined },
  })
  expect(response?.status).toBe(404)
  expect(await response?.text()).toContain('below /realtime')
})
