/** The examples that mount Parley in a framework: each serves its own routes and sockets beside Parley's, and keeps the promises. */
import { createClient, createSubscriber } from '@parley/client'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { contract } from '../../examples/hono/contract.js'
import { curl } from './curl.js'
import { type Running, runToEnd, startExample } from './running.js'

describe.each(['hono', 'elysia'])('the example of %s', (name) => {
  let example: Running

  beforeAll(async () => {
    example = await startExample(`examples/${name}/start.ts`)
  })

  afterAll(() => example.stop())

  const connected = () => {
    const client = createClient(contract, { url: `${example.url}/realtime` })
    onTestFinished(() => client.connection.close())
    return client
  }

  test('answers at a route of its own', async () => {
    const response = await fetch(example.url)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('/api/events')
  })

  test('lets its emitter and the router tell of the same event, at the same position', async () => {
    const client = connected()
    const subscriber = createSubscriber(contract, 'notifications', { url: `${example.url}/api/events` })
    onTestFinished(() => subscriber.close())
    const heard = [client.notifications, subscriber].map(
      (channel) =>
        new Promise((resolve) =>
          channel.on('notification', ({ text }, { position }) => resolve([text, position])),
        ),
    )
    await Promise.all([client.notifications.ready(), subscriber.ready()])
    const { at } = await client.notify({ text: `from ${name}` })
    expect(at).toBeInstanceOf(Date)
    const [overSocket, overSse] = await Promise.all(heard)
    expect(overSocket).toEqual([`from ${name}`, expect.stringContaining('-')])
    expect(overSse).toEqual(overSocket)
  })

  test('sends events at once, also to who would take them compressed', async () => {
    const said = `at once ${name}`
    const reading = curl(
      `curl -N --compressed -H 'accept: text/event-stream' '${example.url}/api/events?from=first'`,
      example.url,
      new RegExp(said),
    )
    await connected().notify({ text: said })
    expect(await reading).toContain(said)
  })

  test('answers a call over HTTP, and says what is wrong with a bad one', async () => {
    const call = (body: unknown) =>
      fetch(`${example.url}/realtime/call/notify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    expect((await call({ text: 'by curl' })).status).toBe(200)
    const bad = await call({ text: '' })
    expect(bad.status).toBe(422)
    expect(await bad.json()).toMatchObject({ error: { code: 'VALIDATION' } })
  })

  test('has sockets of its own beside those of Parley', async () => {
    const socket = new WebSocket(`${example.url.replace('http', 'ws')}/echo`)
    onTestFinished(() => socket.close())
    const echo = await new Promise((resolve, reject) => {
      socket.onopen = () => socket.send('mine')
      socket.onmessage = ({ data }) => resolve(data)
      socket.onerror = () => reject(new Error('the socket failed'))
    })
    expect(echo).toBe('mine')
    expect((await connected().notify({ text: 'theirs' })).at).toBeInstanceOf(Date)
  })

  test('closes a socket of a foreign page with a code that says so', async () => {
    const socket = new WebSocket(`${example.url.replace('http', 'ws')}/realtime`, {
      protocols: ['parley.1'],
      headers: { origin: 'https://elsewhere.example' },
    } as never)
    const { code, reason } = await new Promise<CloseEvent>((resolve) => {
      socket.onclose = resolve
    })
    expect(code).toBe(4403)
    expect(JSON.parse(reason)).toMatchObject({ code: 'FORBIDDEN' })
  })

  test('refuses a foreign page over HTTP, too', async () => {
    const headers = { origin: 'https://elsewhere.example', 'content-type': 'application/json' }
    const responses = await Promise.all([
      fetch(`${example.url}/api/events`, { headers }),
      fetch(`${example.url}/realtime/call/notify`, { method: 'POST', headers, body: '{"text":"theirs"}' }),
    ])
    expect(responses.map(({ status }) => status)).toEqual([403, 403])
  })

  test('says that its port is taken, and which to take', async () => {
    const { port } = new URL(example.url)
    const { code, output } = await runToEnd(`examples/${name}/start.ts`, { port })
    expect(code).toBe(1)
    expect(output).toContain(`Port ${port} is taken`)
  })

  test('stops on Ctrl-C, also while somebody reads, and the reader goes on with the next server', async () => {
    const first = await startExample(`examples/${name}/start.ts`)
    const client = createClient(contract, { url: `${first.url}/realtime` })
    onTestFinished(() => client.connection.close())
    client.notifications.on('notification', () => {})
    const reasons: string[] = []
    client.notifications.onGap(({ reason }) => reasons.push(reason))
    await client.notifications.ready()
    expect((await first.stop('SIGINT')).code).toBe(0)
    const port = new URL(first.url).port
    const second = await startExample(`examples/${name}/start.ts`, { port })
    onTestFinished(async () => void (await second.stop()))
    await client.notify({ text: 'to the second' }, { withinMs: 20_000 })
    await client.notifications.ready()
    // its log was in memory, and is gone: that is told
    expect(reasons).toEqual(['reset'])
  })
})
