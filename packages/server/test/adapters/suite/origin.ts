import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { StartEdge } from './harness.js'

const friend = 'https://friend.example:8443'
const foreign = 'https://foreign.example'

interface Met {
  readonly refused: boolean
  /** What a refusal says. */
  readonly why?: string
  readonly headers: Headers
}

async function met(response: Response): Promise<Met> {
  const { status, headers } = response
  if (status === 403) return { refused: true, why: (await response.json()).error.message, headers }
  await response.body?.cancel()
  return { refused: false, headers }
}

/** Each way in, and whether it let a request with these headers through. `fetch` outside a browser sends what it is told to. */
const ways: Readonly<Record<string, (url: string, headers: Record<string, string>) => Promise<Met>>> = {
  async SSE(url, headers) {
    const response = await fetch(`${url}/events/feed`, { headers })
    return met(response)
  },
  async 'a link'(url, headers) {
    return met(await fetch(`${url}/link`, { headers }))
  },
  async 'a POST of a link'(url, headers) {
    const own = { 'content-type': 'application/json', 'parley-link': 'nobody has this', 'parley-seq': '1' }
    return met(await fetch(`${url}/link`, { method: 'POST', headers: { ...own, ...headers }, body: '[]' }))
  },
  async POST(url, headers) {
    const response = await fetch(`${url}/call/nothing`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
    })
    return met(response)
  },
  async WebSocket(url, headers) {
    const socket = new WebSocket(url.replace('http', 'ws'), ['parley.1'], { headers })
    const why = await new Promise<string | undefined>((resolve, reject) => {
      socket.onclose = ({ code, reason }) => {
        if (code !== 4403) return reject(new Error(`closed with ${code}`))
        expect(JSON.parse(reason)).toMatchObject({ code: 'FORBIDDEN' })
        resolve(JSON.parse(reason).why)
      }
      // whoever may stay is answered
      socket.onopen = () => socket.send('["ping"]')
      socket.onmessage = () => resolve(undefined)
    })
    socket.onclose = null
    socket.close()
    return { refused: why !== undefined, ...(why === undefined ? {} : { why }), headers: new Headers() }
  },
}

export function originTests(startEdge: StartEdge): void {
  describe.each(Object.keys(ways))('over %s', (name) => {
    const knock = ways[name]!

    test.each([
      ['without an origin', {}],
      ['from a page of this host', { origin: 'http://HOST' }],
      ['from a page of this host behind TLS that ends before us', { origin: 'https://HOST' }],
      ['from a page of an allowed origin', { origin: friend }],
      ['without an origin, from this origin', { 'sec-fetch-site': 'same-origin' }],
      ['without an origin, by a person', { 'sec-fetch-site': 'none' }],
    ])('a request %s may come', async (_, headers: Record<string, string>) => {
      const { url, host } = await startEdge({ allowedOrigins: [friend] })
      const origin = headers.origin?.replace('HOST', host)
      const { refused } = await knock(url, { ...headers, ...(origin ? { origin } : {}) })
      expect(refused).toBe(false)
    })

    test.each([
      ['from a page elsewhere', { origin: foreign }],
      [
        'from a page elsewhere that says it is of this site',
        { origin: foreign, 'sec-fetch-site': 'same-origin' },
      ],
      ['from an allowed host with another port', { origin: 'https://friend.example' }],
      ['from an allowed host with another scheme', { origin: 'http://friend.example:8443' }],
      ['from a page of this host with another port', { origin: 'http://127.0.0.1:1' }],
      ['from a sandboxed page', { origin: 'null' }],
      ['from an origin that is none', { origin: 'HOST' }],
      ['without an origin, from a sister site', { 'sec-fetch-site': 'same-site' }],
      ['without an origin, from elsewhere', { 'sec-fetch-site': 'cross-site' }],
    ])('a request %s is refused', async (_, headers: Record<string, string>) => {
      const { url, host, router, reports } = await startEdge({ allowedOrigins: [friend] })
      const origin = headers.origin?.replace('HOST', host)
      const { refused, why } = await knock(url, { ...headers, ...(origin ? { origin } : {}) })
      expect(refused).toBe(true)
      // it is named to whoever can do something about it: the page itself may not read the answer
      if (origin !== undefined) expect(why).toContain(`origin ${origin}`)
      expect(reports).toMatchObject([
        { kind: 'refused', message: why, path: expect.stringMatching(/^\/realtime/) },
      ])
      expect(router.inspect()).toMatchObject({ sessions: 0, readers: 0 })
    })

    test('every origin may come where all are allowed, but none with cookies', async () => {
      const { url, host } = await startEdge({ allowedOrigins: ['*'] })
      expect(await knock(url, { origin: foreign })).toMatchObject({ refused: false })
      expect(await knock(url, { origin: foreign, cookie: 'session=1' })).toMatchObject({
        refused: true,
        why: expect.stringContaining('sends cookies'),
      })
      expect(await knock(url, { origin: 'null' })).toMatchObject({ refused: true })
      expect(await knock(url, { origin: `http://${host}`, cookie: 'session=1' })).toMatchObject({
        refused: false,
      })
    })
  })

  describe.each(['SSE', 'POST'])('the answer to a foreign page over %s', (name) => {
    const knock = ways[name]!

    test('can be read, with its credentials, by an origin that is allowed by name', async () => {
      const { url } = await startEdge({ allowedOrigins: [friend] })
      const { headers } = await knock(url, { origin: friend, cookie: 'session=1' })
      expect(Object.fromEntries(headers)).toMatchObject({
        'access-control-allow-origin': friend,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': expect.stringContaining('parley-contract'),
        vary: 'Origin',
      })
    })

    test('can be read by any, without credentials, where all are allowed', async () => {
      const { url } = await startEdge({ allowedOrigins: ['*'] })
      const { headers } = await knock(url, { origin: foreign })
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.has('access-control-allow-credentials')).toBe(false)
    })

    test('says nothing of origins to a page that is refused, or of this host', async () => {
      const { url, host } = await startEdge({ allowedOrigins: [friend] })
      for (const origin of [foreign, `http://${host}`]) {
        const { headers } = await knock(url, { origin })
        expect([...headers.keys()].filter((header) => header.startsWith('access-control'))).toEqual([])
        expect(headers.get('vary')).toBe('Origin') // a cache must not hand it to another
      }
    })
  })

  describe('a preflight', () => {
    const ask = (url: string, origin: string) =>
      fetch(url, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      })

    test.each(['/call/nothing', '/message/room/say?id=a', '/events/feed'])(
      'of %s tells an allowed origin what it may send',
      async (path) => {
        const { url } = await startEdge({ allowedOrigins: [friend] })
        const { status, headers } = await ask(url + path, friend)
        expect(status).toBe(204)
        expect(headers.get('access-control-allow-origin')).toBe(friend)
        expect(headers.get('access-control-allow-methods')).toBe('GET, POST')
        for (const name of [
          'content-type',
          'authorization',
          'last-event-id',
          'parley-client',
          'parley-within',
        ])
          expect(headers.get('access-control-allow-headers')).toContain(name)
      },
    )

    test('of any other origin is refused', async () => {
      const { url, reports } = await startEdge({ allowedOrigins: [friend] })
      const { status, headers } = await ask(`${url}/call/nothing`, foreign)
      expect(status).toBe(403)
      expect(reports).toMatchObject([
        { kind: 'refused', message: `origin ${foreign} is not in allowedOrigins` },
      ])
      expect(headers.has('access-control-allow-origin')).toBe(false)
    })
  })
}
