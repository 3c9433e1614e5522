import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { AdapterUnderTest, StartEdge } from './harness.js'

const bare = 'application/json'
const full = 'application/vnd.parley+json'

/** A POST of a value as bare JSON, unless `headers` or a text body say otherwise. */
function post(url: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  return fetch(`${url}/${path}`, {
    method: 'POST',
    headers: { 'content-type': bare, ...headers },
    ...(text === undefined ? {} : { body: text }),
  })
}

const errorOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toBe(bare)
  const { error } = (await response.json()) as { error: { code: string; message: string; id?: string } }
  return { ...error, status: response.status }
}

const rich = {
  json: { at: '2026-01-02T03:04:05.678Z', tags: ['a', 'b'], size: '9007199254740993' },
  meta: { values: { at: ['Date'], tags: ['set'], size: ['bigint'] }, v: 1 },
}

export function httpTests(startEdge: StartEdge, without: AdapterUnderTest['without'] = {}): void {
  describe('a call over HTTP', () => {
    test('takes and gives the bare value', async () => {
      const { url } = await startEdge()
      const response = await post(url, 'call/rooms.create', { name: 'new' })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe(bare)
      expect(response.headers.get('parley-contract')).toMatch(/^[0-9a-f]{16}$/)
      expect(await response.text()).toBe('{"name":"new"}')
    })

    test('takes and gives a Date, a Set and a BigInt with their meta', async () => {
      const { url } = await startEdge()
      const response = await post(url, 'call/echo', rich, { 'content-type': full, accept: full })
      expect(response.headers.get('content-type')).toBe(full)
      expect(await response.json()).toEqual(rich)
    })

    test('gives the bare value, without meta, to whoever does not ask for it', async () => {
      const { url } = await startEdge()
      const response = await post(url, 'call/echo', rich, { 'content-type': full })
      expect(response.headers.get('content-type')).toBe(bare)
      expect(await response.json()).toEqual(rich.json)
    })

    test('gives meta to whoever asks for it, whatever the form of the body', async () => {
      const { url } = await startEdge()
      const response = await post(url, 'call/rooms.create', { name: 'new' }, { accept: `${full}, */*` })
      expect(response.headers.get('content-type')).toBe(full)
      expect(await response.json()).toEqual({ json: { name: 'new' } })
    })

    test('guesses nothing from the shape of a value', async () => {
      const { url } = await startEdge()
      const response = await post(url, 'call/rooms.create', { json: { name: 'new' } })
      expect(await errorOf(response)).toMatchObject({ status: 422, code: 'VALIDATION' })
    })

    test('without an input or an output is an empty body, answered by 204', async () => {
      const { url } = await startEdge()
      const response = await post(url, 'call/nothing')
      expect(response.status).toBe(204)
      expect(await response.text()).toBe('')
    })

    test('reads characters that are cut in two by the network', async () => {
      const { url } = await startEdge()
      const bytes = new TextEncoder().encode(JSON.stringify('€𝄞'.repeat(3)))
      const oneByOne = new ReadableStream<Uint8Array>({
        async start(controller) {
          for (const byte of bytes) {
            controller.enqueue(Uint8Array.of(byte))
            await Promise.resolve()
          }
          controller.close()
        },
      })
      const response = await fetch(`${url}/call/size`, {
        method: 'POST',
        headers: { 'content-type': bare },
        body: oneByOne,
        ...({ duplex: 'half' } as object),
      })
      expect(await response.json()).toBe(9)
    })

    test('names whom the bearer token belongs to', async () => {
      const { url } = await startEdge()
      const ann = await post(url, 'call/whoami', undefined, { authorization: 'Bearer ann' })
      expect(await ann.json()).toEqual({ user: 'ann', member: 'ann' })
      expect(await (await post(url, 'call/whoami')).json()).toEqual({ user: 'nobody', member: 'none' })
    })
  })

  describe('a refusal over HTTP', () => {
    test.each([
      ['VALIDATION', 422, 'call/rooms.create', { name: '' }, {}],
      ['VALIDATION', 422, 'call/nothing', { too: 'much' }, {}],
      ['BAD_REQUEST', 400, 'call/rooms.create', '{"name":', {}],
      ['BAD_REQUEST', 400, 'call/rooms.create', '"bare"', { 'content-type': full }],
      ['BAD_REQUEST', 400, 'call/nothing', undefined, { 'parley-within': 'soon' }],
      ['UNSUPPORTED_MEDIA_TYPE', 415, 'call/nothing', 'name=new', { 'content-type': 'text/plain' }],
      [
        ...(['UNSUPPORTED_MEDIA_TYPE', 415, 'call/nothing', 'name=new'] as const),
        { 'content-type': 'application/x-www-form-urlencoded' },
      ],
      ['NOT_FOUND', 404, 'call/rooms.destroy', {}, {}],
      ['NOT_FOUND', 404, 'call/constructor', {}, {}],
      ['NOT_FOUND', 404, 'call/', {}, {}],
      ['NOT_FOUND', 404, 'call/%E0%A4%A', {}, {}],
      ['NOT_FOUND', 404, 'message/nowhere/say', { text: 'x' }, {}],
      ['NOT_FOUND', 404, 'message/room/shout?id=a', { text: 'x' }, {}],
      ['VALIDATION', 422, 'message/room/say', { text: 'x' }, {}],
      ['VALIDATION', 422, 'message/room/say?id=a&colour=red', { text: 'x' }, {}],
      ['UNAUTHENTICATED', 401, 'call/nothing', undefined, { authorization: 'Bearer banned' }],
      ['OVERLOADED', 503, 'call/nothing', undefined, { authorization: 'Bearer busy' }],
      ['BAD_REQUEST', 400, 'call/nothing', undefined, { 'idempotency-key': 'k' }],
      ['TIMEOUT', 504, 'call/wait', undefined, { 'parley-within': '20' }],
    ] as const)('says %s with status %i for %s of %j with %j', async (code, status, path, body, headers) => {
      const { url } = await startEdge()
      expect(await errorOf(await post(url, path, body, headers))).toMatchObject({ code, status })
    })

    test('of a value names the path of each fault', async () => {
      const { url } = await startEdge()
      const json = { ...rich.json, at: 'yesterday', tags: [1] }
      const meta = { values: { tags: ['set'], size: ['bigint'] }, v: 1 }
      const response = await post(url, 'call/echo', { json, meta }, { 'content-type': full })
      expect(await response.json()).toMatchObject({
        error: { code: 'VALIDATION', issues: [{ path: ['at'] }, { path: ['tags'] }] },
      })
    })

    test('of credentials does not say what the application threw', async () => {
      const { url, reports } = await startEdge()
      const error = await errorOf(
        await post(url, 'call/nothing', undefined, { authorization: 'Bearer banned' }),
      )
      expect(JSON.stringify(error)).not.toContain('user table')
      expect(reports).toMatchObject([{ kind: 'refused', error: { message: 'a secret of the user table' } }])
    })

    test('for now says when to come back', async () => {
      const { url } = await startEdge()
      const response = await post(url, 'call/nothing', undefined, { authorization: 'Bearer busy' })
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    })

    test('carries the code, data and status of an error that the contract declares', async () => {
      const { url } = await startEdge()
      const taken = await post(url, 'call/rooms.create', { name: 'taken' })
      expect(await errorOf(taken)).toMatchObject({
        status: 400,
        code: 'NAME_TAKEN',
        data: { suggestion: 'taken-2' },
      })
      expect(await errorOf(await post(url, 'call/rooms.create', { name: 'full' }))).toMatchObject({
        status: 409,
        code: 'FULL',
      })
    })

    test('carries a Date and bytes in its data as text, with their meta for whoever asks for it', async () => {
      const { url } = await startEdge()
      const data = { until: '1970-01-01T00:00:00.000Z', proof: 'AQID' }
      const answer = (accept: string) =>
        post(url, 'message/room/say?id=a', { text: 'shout' }, { accept }).then((response) => response.json())
      expect(await answer(bare)).toEqual({ error: { code: 'MUTED', message: 'MUTED', data } })
      const meta = { values: { until: ['Date'], proof: [['custom', 'bytes']] }, v: 1 }
      expect(await answer(full)).toEqual({ error: { code: 'MUTED', message: 'MUTED', data, meta } })
    })

    test('for anything else is INTERNAL with an id that the report has too, and says nothing of the cause', async () => {
      const { url, reports } = await startEdge()
      const error = await errorOf(await post(url, 'call/fail'))
      expect(error).toEqual({
        status: 500,
        code: 'INTERNAL',
        message: expect.any(String),
        id: expect.any(String),
      })
      expect(reports).toMatchObject([
        {
          ...{ kind: 'handler-failed', path: 'fail', id: error.id },
          error: { message: 'a secret of the database' },
        },
      ])
      expect(JSON.stringify(error)).not.toContain('secret')
    })

    test.for([
      ['GET', 'call/nothing', 'POST, OPTIONS'],
      ['PUT', 'message/room/say', 'POST, OPTIONS'],
      ['POST', 'events/feed', 'GET, OPTIONS'],
      ['HEAD', 'events/feed', 'GET, OPTIONS'],
      ['DELETE', 'health', 'GET, HEAD, OPTIONS'],
    ] as const)('of the method %s on %s says which are allowed', async ([method, path, allow], { skip }) => {
      if (without.methods && method !== 'GET' && method !== 'POST') skip(without.methods)
      const { url } = await startEdge()
      const response = await fetch(`${url}/${path}`, { method })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe(allow)
    })
  })

  test('a balancer may ask for the health with HEAD', async () => {
    const { url } = await startEdge()
    const response = await fetch(`${url}/health`, { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  describe('the size of a body', () => {
    const limits = { frameBytes: 1_000, jsonDepth: 8 }

    test('may be just what is allowed', async () => {
      const { url } = await startEdge({ limits })
      const text = JSON.stringify('x'.repeat(998))
      expect(await (await post(url, 'call/size', text)).json()).toBe(998)
      const nested = '['.repeat(8) + ']'.repeat(8)
      expect(await errorOf(await post(url, 'call/size', nested))).toMatchObject({ code: 'VALIDATION' })
    })

    test('may not be one byte more, in bytes and not in characters', async () => {
      const { url } = await startEdge({ limits })
      for (const text of [JSON.stringify('x'.repeat(999)), JSON.stringify('€'.repeat(400))]) {
        expect(await errorOf(await post(url, 'call/size', text))).toMatchObject({
          status: 413,
          code: 'TOO_LARGE',
        })
      }
    })

    test('is bounded where nobody said how long it is, and it is not read to its end', async () => {
      const { url } = await startEdge({ limits })
      const { hostname, port, pathname } = new URL(url)
      let sent = 0
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const asked = request({
          ...{ method: 'POST', hostname, port, path: `${pathname}/call/size` },
          headers: { 'content-type': bare, 'transfer-encoding': 'chunked' },
        })
        asked.once('response', (response) => {
          resolve(response.statusCode)
          asked.destroy()
        })
        asked.on('error', (error) => sent === 0 && reject(error))
        // it goes on for as long as nobody stops it
        const more = (): void => {
          if (asked.destroyed) return
          sent++
          asked.write('x'.repeat(300), () => setImmediate(more))
        }
        more()
      })
      expect(status).toBe(413)
    })

    test('may not be nested deeper than allowed, however short it is', async () => {
      const { url } = await startEdge({ limits })
      const nested = '['.repeat(9) + ']'.repeat(9)
      expect(await errorOf(await post(url, 'call/size', nested))).toMatchObject({
        status: 413,
        code: 'TOO_LARGE',
      })
    })
  })

  describe('a handler that runs for a POST', () => {
    test('is told to stop when the deadline has passed', async () => {
      const { url, waiting } = await startEdge()
      const runs = waiting()
      const response = post(url, 'call/wait', undefined, { 'parley-within': '20' })
      expect(await (await runs).ended).toMatchObject({ code: 'TIMEOUT' })
      expect((await response).status).toBe(504)
    })

    test('finds its signal fired when it asks for it only after the deadline', async () => {
      const { url, waiting } = await startEdge()
      const runs = waiting()
      const response = await post(url, 'call/late', undefined, { 'parley-within': '20' })
      expect(response.status).toBe(504)
      const { ended, release } = await runs
      release?.()
      expect(await ended).toMatchObject({ code: 'TIMEOUT' })
    })

    test('never begins for an upload that breaks off, which is no fault to report', async () => {
      const { url, hub, router, reports } = await startEdge()
      const { hostname, port, host, pathname } = new URL(url)
      for (let n = 0; n < 20; n++) {
        const socket = connect(Number(port), hostname)
        const head = `POST ${pathname}/call/size HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${bare}\r\n`
        socket.write(`${head}Content-Length: 100000\r\n\r\n"${'x'.repeat(n * 1_000)}`)
        await new Promise((resolve) => socket.once('ready', resolve))
        expect((await fetch(`${url}/health`)).status).toBe(200) // it has come that far by now
        if (n % 2 === 0) socket.resetAndDestroy()
        else socket.destroy()
      }
      expect(await (await post(url, 'call/size', '"abc"')).json()).toBe(3)
      await hub.close()
      expect(reports).toEqual([])
      expect(router.inspect()).toMatchObject({ running: 0 })
    })

    test('is told to stop when the caller has gone', async () => {
      const { url, waiting } = await startEdge()
      const runs = waiting()
      const { hostname, port, host, pathname } = new URL(url)
      const socket = connect(Number(port), hostname)
      socket.write(
        `POST ${pathname}/call/wait HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${bare}\r\nContent-Length: 0\r\n\r\n`,
      )
      const { ended } = await runs
      socket.resetAndDestroy()
      expect(await ended).toMatchObject({ code: 'ABORTED' })
    })
  })

  describe('a message over HTTP', () => {
    test('runs its handler and is answered with its output', async () => {
      const { url } = await startEdge()
      const response = await post(url, 'message/room/say?id=general', { text: 'hello' })
      expect(await response.json()).toEqual({ id: 'id of hello' })
    })

    test('is answered with nothing where it declares no output', async () => {
      const { url } = await startEdge()
      expect((await post(url, 'message/room/react?id=general', '"+1"')).status).toBe(204)
    })

    test('for a topic that join refuses is the same bytes, whether or not anything was ever emitted there', async () => {
      const { url, hub, router } = await startEdge()
      await hub.channel.room({ id: 'secret-known' }).emit('message', { text: 'psst' })
      const answers = await Promise.all(
        ['secret-known', 'secret-unknown'].map(async (id) => {
          const response = await post(url, `message/room/say?id=${id}`, { text: 'hello' })
          const { date: _date, ...headers } = Object.fromEntries(response.headers)
          return { status: response.status, headers, body: await response.text() }
        }),
      )
      expect(answers[0]).toMatchObject({ status: 403 })
      expect(answers[1]).toEqual(answers[0])
      expect(router.inspect().topics).toBe(0)
    })
  })

  describe('the health of a server', () => {
    test('is ok while it serves', async () => {
      const { url } = await startEdge()
      const response = await fetch(`${url}/health`)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ status: 'ok' })
    })
  })

  describe('an address where nothing is', () => {
    const ways = ['/health', '/events/{channel}', '/call/{path}', '/message/{channel}/{name}']

    test.each(['nowhere', 'message/room', 'events', 'call/a/b'])('%s names what there is', async (path) => {
      const { url } = await startEdge()
      const response = await fetch(`${url}/${path}`, { method: 'POST' })
      expect(response.status).toBe(404)
      const { message } = (await response.json()).error
      for (const way of [`'/${path}'`, ...ways]) expect(message).toContain(way)
    })

    test('that of the WebSocket says so to whoever opens it as a page', async () => {
      const { url } = await startEdge()
      const response = await fetch(url)
      expect(response.status).toBe(426)
      expect(response.headers.get('upgrade')).toBe('websocket')
      expect((await response.json()).error.message).toMatch(/^a WebSocket connects here; .*GET \/health/)
    })
  })

  test('a client of HTTP/1.0, which names no host, gets its answer, and then the end of the connection', async ({
    skip,
  }) => {
    if (without.hostless) skip(without.hostless)
    const { url } = await startEdge()
    const { hostname, port, pathname } = new URL(url)
    const socket = connect(Number(port), hostname).setEncoding('utf8')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.write(`GET ${pathname}/health HTTP/1.0\r\n\r\n`)
    await once(socket, 'close')
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n(.+\r\n)+\r\n\{"status":"ok"\}$/)
  })

  test('requests on top of what a server takes are told to come later', async () => {
    const { url } = await startEdge({ limits: { handshakesPerSecond: 1 } })
    const [first, second] = [
      await post(url, 'call/rooms.create', { name: 'a' }),
      await fetch(`${url}/events/room?id=a`),
    ]
    expect(first.status).toBe(200)
    expect(second.headers.get('retry-after')).toMatch(/^[0-9]+$/)
    expect(await errorOf(second)).toMatchObject({ status: 503, code: 'OVERLOADED' })
  })
}
