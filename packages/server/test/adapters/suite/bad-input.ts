import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RawWebSocket, rawWebSocket } from '../../../../../tests/support/raw-websocket.js'
import { rawGet } from '../../shell/raw-http.js'
import type { StartEdge } from './harness.js'

type Message = string | Uint8Array

const hello = ['hello', { v: 1, contract: '0', client: 'Zm9vYmFyYmF6cXV4MTIzNA' }]

/** Frames of a client that is well behaved, to be spoilt in one place. */
const wellFormed: readonly unknown[][] = [
  hello,
  ['auth', 1, 'ann'],
  ['sub', 2, 'room', { id: 'b' }, null],
  ['sub', 3, 'seat', { row: 1, aisle: true, name: 'x' }, { last: 3 }],
  ['unsub', 2],
  ['read', 4, 2, 'first', 'abc-1'],
  ['send', 5, 'room', { id: 'b' }, 'say', 0, { text: 'x' }],
  ['cast', 'room', { id: 'b' }, 'say', { text: 'x' }],
  ['call', 6, 'echo', 0, { at: 'x' }, { values: { at: ['Date'] }, v: 1 }],
  ['stream', 7, 'nothing', 1],
  ['credit', 7, 1],
  ['cancel', 6],
  ['presence', 2, {}],
]

const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(-1, 0, 1e308, 2 ** 53, '', '__proto__', 'constructor', 'abc-1', null),
  fc.constantFrom(
    { __proto__: null },
    { constructor: 1 },
    { last: -1 },
    { values: { a: ['class', 'X'] }, v: 1 },
  ),
)

const spoilt = fc
  .tuple(fc.constantFrom(...wellFormed), fc.nat(7), anything)
  .map(([frame, at, value]) => JSON.stringify(frame.toSpliced(at % (frame.length + 1), 1, value)))

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.json({ maxDepth: 4 }),
  fc.array(anything, { maxLength: 8 }).map((elements) => JSON.stringify(elements)),
  spoilt,
  // the head of a binary frame says how long its text is: it may lie
  fc.tuple(fc.nat(2 ** 32 - 1), fc.constantFrom(...wellFormed)).map(([size, frame]) => {
    const text = new TextEncoder().encode(JSON.stringify(frame))
    const bytes = new Uint8Array(4 + text.length)
    new DataView(bytes.buffer).setUint32(0, size)
    bytes.set(text, 4)
    return bytes
  }),
)

const send = (socket: RawWebSocket, one: Message): void =>
  typeof one === 'string' ? socket.send(one) : socket.sendBytes(one)

/** What became of a connection: it answers a ping, or it was closed. */
async function fate(socket: RawWebSocket): Promise<'alive' | { code: number; reason: string }> {
  const pongs = socket.frames.filter((frame) => frame === '["pong"]').length
  socket.send('["ping"]')
  let count = 0
  const alive = socket.until((frame) => frame === '["pong"]' && ++count > pongs).then(() => 'alive' as const)
  return Promise.race([alive, socket.closed])
}

/** What nonsense may be closed with; a frame with one part exchanged may still be a good `auth`, of somebody else or nobody. */
const ours: Readonly<Record<number, string>> = {
  4400: 'PROTOCOL',
  4401: 'UNAUTHENTICATED',
  4413: 'TOO_LARGE',
  4004: 'SESSION_CHANGED',
}

/** A close of ours, with a reason that fits and can be read. */
function expectOurs({ code, reason }: { code: number; reason: string }): void {
  expect(Object.keys(ours)).toContain(String(code))
  expect(new TextEncoder().encode(reason).length).toBeLessThanOrEqual(123)
  expect(JSON.parse(reason)).toMatchObject({ code: ours[code] })
}

export function badInputTests(startEdge: StartEdge): void {
  describe('a client that sends nonsense', () => {
    const escaped: unknown[] = []
    const onEscape = (error: unknown): unknown => escaped.push(error)
    beforeEach(() => {
      process.on('uncaughtException', onEscape)
      process.on('unhandledRejection', onEscape)
    })
    afterEach(() => {
      process.off('uncaughtException', onEscape)
      process.off('unhandledRejection', onEscape)
      expect(escaped).toEqual([])
    })

    /** A server with two readers that must hear of everything, whatever others send. */
    async function startWitnessed() {
      const edge = await startEdge({ limits: { frameBytes: 20_000 } })
      const room = edge.hub.channel.room({ id: 'a' })
      const sse = rawGet(`${edge.url}/events/room?id=a`)
      const websocket = await greeted(edge.url)
      websocket.send(JSON.stringify(['sub', 1, 'room', { id: 'a' }, null]))
      await Promise.all([sse.until(/parley\.live/), websocket.until((frame) => frame.startsWith('["live"'))])
      let count = 0
      return {
        ...edge,
        /** One more event reaches both of them. */
        async witnessed() {
          const text = `event ${++count}.`
          await room.emit('message', { text })
          await Promise.all([websocket.until((frame) => frame.includes(text)), sse.until(new RegExp(text))])
        },
        /** Both have got each event once, in order, and the server is well. */
        async ended() {
          const all = Array.from({ length: count }, (_, n) => `event ${n + 1}.`)
          const heard = (text: string) => text.match(/event \d+\./g)
          expect(heard(websocket.frames.join('\n'))).toEqual(all)
          expect(heard(sse.text())).toEqual(all)
          expect((await fetch(`${edge.url}/health`)).status).toBe(200)
          websocket.cut()
          sse.cut()
          await expect.poll(() => edge.router.inspect()).toMatchObject({ connections: 0, readers: 0 })
        },
      }
    }

    let clients = 0

    /** A client of its own. */
    async function greeted(url: string): Promise<RawWebSocket> {
      const socket = await rawWebSocket(url)
      const client = `${++clients}`.padStart(22, '0')
      socket.send(JSON.stringify(['hello', { v: 1, contract: '0', client }]))
      await socket.until((frame) => frame.startsWith('["welcome"'))
      return socket
    }

    test.each([
      ['before hello', rawWebSocket],
      ['after hello', greeted],
    ])('%s harms no connection but its own, which is closed with a code and a reason', async (_, connect) => {
      const { url, witnessed, ended } = await startWitnessed()
      let closes = 0
      await fc.assert(
        fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 3 }), async (messages) => {
          const socket = await connect(url)
          for (const one of messages) send(socket, one)
          const end = await fate(socket)
          if (end !== 'alive') {
            closes++
            expectOurs(end)
          }
          socket.cut()
          await witnessed()
        }),
        { numRuns: 60 },
      )
      expect(closes).toBeGreaterThan(20) // most of it is nonsense indeed
      await ended()
    })

    test.each<[string, Message, number]>([
      ['no JSON', 'hello', 4400],
      ['JSON that is no frame', '{"type":"ping"}', 4400],
      ['a tag that nobody knows', '["later"]', 4400],
      ['a tag named after a method', '["toString"]', 4400],
      ['a frame of the server’s', '["welcome",{}]', 4400],
      ['a second hello', JSON.stringify(hello), 4400],
      ['an empty message', '', 4400],
      ['an empty binary message', new Uint8Array(0), 4400],
      ['a frame nested too deep', `["call",1,"size",0,${'['.repeat(64)}${']'.repeat(64)}]`, 4413],
      [
        'a frame of our size in characters, but not in bytes',
        `["call",1,"size",0,"${'€'.repeat(7_000)}"]`,
        1009,
      ],
      ['a frame that is too large', `["call",1,"size",0,"${'x'.repeat(20_000)}"]`, 1009],
    ])('%j is closed with its code, and the operator hears of it', async (_, one, code) => {
      const { url, reports, witnessed, ended } = await startWitnessed()
      const socket = await greeted(url)
      send(socket, one)
      const end = await socket.closed
      expect(end.code).toBe(code)
      if (code !== 1009) {
        expectOurs(end)
        expect(reports).toMatchObject([{ kind: 'protocol' }])
      }
      await witnessed()
      await ended()
    })

    test.each(['[', 'a:b', 'a b', 'a:99999', 'ann:secret@here', ''])(
      'with %j for a host is answered, whatever it asks for',
      async (name) => {
        const { url, reports, witnessed, ended } = await startWitnessed()
        const foreign = 'Origin: https://foreign.example'
        const upgrade = [
          ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Protocol: parley.1'],
          ...['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${btoa('0123456789abcdef')}`],
        ]
        const asked: [path: string, ...headers: string[]][] = [
          ...([['/health'], ['/events/room?id=b'], ['/events/feed', foreign]] as [string][]),
          ...([['/link'], ['/link', foreign], ['', ...upgrade], ['', foreign, ...upgrade]] as [string][]),
        ]
        for (const [path, ...headers] of asked) {
          const { until, cut } = rawGet(url + path, `Host: ${name}`, ...headers)
          expect(await until(/^HTTP.*\r\n/)).toMatch(/^HTTP\/1\.1 (101|200|4\d\d) /)
          cut()
        }
        expect(reports.filter(({ kind }) => kind !== 'refused')).toEqual([])
        await witnessed()
        await ended()
      },
    )

    test('that no schema accepts is told so, path by path, and goes on', async () => {
      const { url, witnessed, ended } = await startWitnessed()
      const socket = await greeted(url)
      const frames = [
        ['call', 1, 'rooms.create', 0, { name: '' }],
        ['send', 2, 'room', { id: 'a' }, 'say', 0, { text: 7 }],
        ['call', 3, 'echo', 0, 1, { values: ['class', 'User'], v: 1 }],
        ['sub', 4, 'seat', { row: 'seven', aisle: true, name: 'x' }, null],
        ['sub', 5, 'room', { id: 'b', __proto__x: 1 }, null],
        ['call', 6, 'rooms.destroy', 0],
        ['sub', 7, 'rooms', null, null],
      ]
      for (const frame of frames) socket.send(JSON.stringify(frame))
      expect(await fate(socket)).toBe('alive')
      const answers = socket.frames.map((frame) => JSON.parse(frame))
      expect(answers).toContainEqual([
        ...['err', 1],
        expect.objectContaining({
          code: 'VALIDATION',
          issues: [expect.objectContaining({ path: ['name'] })],
        }),
      ])
      expect(answers).toContainEqual([
        ...['err', 2],
        expect.objectContaining({
          code: 'VALIDATION',
          issues: [expect.objectContaining({ path: ['text'] })],
        }),
      ])
      expect(answers).toContainEqual(['err', 3, expect.objectContaining({ code: 'VALIDATION' })])
      expect(answers).toContainEqual(['refused', 4, 'VALIDATION', expect.stringContaining('row')])
      expect(answers).toContainEqual(['err', 6, expect.objectContaining({ code: 'NOT_FOUND' })])
      expect(answers).toContainEqual(['refused', 7, 'NOT_FOUND', expect.any(String)])
      socket.cut()
      await witnessed()
      await ended()
    })
  })
}
