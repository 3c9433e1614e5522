import { createSseParser, type ReceivedBlock } from '@parley/shared/internal'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bodyOf, rawGet } from '../../shell/raw-http.js'
import type { StartEdge } from './harness.js'

/** The blocks of a response, read until one of them is the last that is wanted. */
async function read(
  url: string,
  isLast: (block: ReceivedBlock) => boolean,
  headers: Record<string, string> = {},
): Promise<ReceivedBlock[]> {
  const stop = new AbortController()
  const response = await fetch(url, { headers, signal: stop.signal })
  expect(response.status).toBe(200)
  const blocks: ReceivedBlock[] = []
  const parser = createSseParser({ onBlock: (block) => blocks.push(block) })
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    expect(parser.feed(chunk)).toBeUndefined()
    if (blocks.some(isLast)) break
  }
  stop.abort()
  return blocks
}

const isLive = ({ event }: ReceivedBlock): boolean => event === 'parley.live'
const names = (blocks: readonly ReceivedBlock[]): string[] => blocks.map(({ event }) => event)
const texts = (blocks: readonly ReceivedBlock[]): string[] =>
  blocks
    .filter(({ event }) => event === 'note' || event === 'message')
    .map(({ data }) => JSON.parse(data).text)

export function sseTests(startEdge: StartEdge): void {
  /** A server whose feed has had these notes, and the position of each. */
  async function startWithNotes(...notes: string[]) {
    const edge = await startEdge()
    const positions: string[] = []
    for (const text of notes) positions.push(await edge.hub.channel.feed.emit('note', { text }))
    return { ...edge, feed: `${edge.url}/events/feed`, positions }
  }

  describe('an SSE response', () => {
    test('is begun at once, before there is any event', async () => {
      const { url } = await startEdge()
      const reader = rawGet(`${url}/events/feed`)
      const received = await reader.until(/event:parley\.live\ndata:.*\nid:.*\n\n/)
      reader.cut()
      const [head] = received.split('\r\n\r\n')
      expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      expect(head).toMatch(/\r\ncontent-type: text\/event-stream(\r\n|$)/i)
      expect(head).toMatch(/\r\ncache-control: no-cache, no-transform(\r\n|$)/i)
      expect(head).toMatch(/\r\nx-accel-buffering: no(\r\n|$)/i)
      expect(head).toMatch(/\r\nparley-contract: [0-9a-f]{16}(\r\n|$)/i)
      const position = /"position":"([^"]+)"/.exec(received)?.[1]
      const at = `data:{"position":"${position}"}\nid:${position}\n\n`
      expect(bodyOf(received)).toMatch(
        new RegExp(
          `^retry:(?:[5-9]..|1[0-4]..|1500)\\n\\nevent:parley.ready\\n${at}event:parley.live\\n${at}$`,
        ),
      )
    })

    test('is, to the byte, what a curl shows of an event', async () => {
      const { url, hub } = await startEdge()
      const reader = rawGet(`${url}/events/feed`)
      await reader.until(/parley\.live/)
      const note = await hub.channel.feed.emit('note', { text: 'hello' })
      const seen = await hub.channel.feed.emit('seen', { at: new Date(0) })
      await hub.channel.feed.emit('hint', 'psst')
      const body = bodyOf(await reader.until(/psst.*\n\n/))
      reader.cut()
      expect(body.split('\n\n').slice(3)).toEqual([
        `event:note\ndata:{"text":"hello"}\nid:${note}`,
        `event:seen\ndata:{"at":"1970-01-01T00:00:00.000Z"}\nmeta:{"values":{"at":["Date"]},"v":1}\nid:${seen}`,
        'event:hint\ndata:"psst"',
        '',
      ])
    })

    test('adds at most 24 bytes to the name, position and bare payload of an event', async () => {
      const { url, hub } = await startEdge()
      const reader = rawGet(`${url}/events/feed`)
      await reader.until(/parley\.live/)
      const position = await hub.channel.feed.emit('note', { text: 'hello' })
      const body = bodyOf(await reader.until(/hello.*\n.*\n\n/))
      reader.cut()
      const block = body.split('\n\n').at(-2)!
      const own = 'note'.length + position.length + '{"text":"hello"}'.length
      expect(block.length + '\n\n'.length - own).toBeLessThanOrEqual(24)
    })

    test('goes to no one who may not read: join is asked, and the answer is JSON', async () => {
      const { url, router } = await startEdge()
      const response = await fetch(`${url}/events/room?id=secret`)
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ error: { code: 'FORBIDDEN' } })
      expect(router.inspect()).toMatchObject({ readers: 0, timers: 0 })
    })

    test('is refused where the credentials are', async () => {
      const { url } = await startEdge()
      const response = await fetch(`${url}/events/feed`, { headers: { authorization: 'Bearer banned' } })
      expect(response.status).toBe(401)
    })

    test('ends for good for a member that is kicked, and only for that one', async () => {
      const { url, hub } = await startEdge()
      const room = `${url}/events/room?id=a`
      const ann = rawGet(room, 'Authorization: Bearer ann')
      const ben = rawGet(room, 'Authorization: Bearer ben')
      await Promise.all([ann.until(/parley\.live/), ben.until(/parley\.live/)])
      await hub.channel.room({ id: 'a' }).kick('ann', 'enough')
      const end = 'event:parley.end\ndata:{"code":"FORBIDDEN","message":"enough"}\n\n'
      await ann.until(/\r\n0\r\n\r\n$/)
      expect(bodyOf(ann.text()).endsWith(end)).toBe(true)
      await hub.channel.room({ id: 'a' }).emit('message', { text: 'for ben' })
      expect(await ben.until(/for ben/)).not.toContain('parley.end')
      ann.cut()
      ben.cut()
    })

    test('ends without a goodbye when the server closes, so that a reader comes back', async () => {
      const { url, stop } = await startEdge()
      const reader = rawGet(`${url}/events/feed`)
      await reader.until(/parley\.live/)
      await stop()
      const received = await reader.ended
      expect(received).not.toContain('parley.end')
    })
  })

  describe('where an SSE response starts', () => {
    test('is after now, and what was before is not sent', async () => {
      const { feed } = await startWithNotes('one', 'two')
      expect(names(await read(feed, isLive))).toEqual(['parley.ready', 'parley.live'])
    })

    test.each([
      ['the header Last-Event-ID', (position: string) => ['', { 'last-event-id': position }] as const],
      ['?lastEventId=', (position: string) => [`?lastEventId=${position}`, {}] as const],
      ['?from=', (position: string) => [`?from=${position}`, {}] as const],
      [
        'the header before the query',
        (position: string) => ['?from=first&lastEventId=x-0', { 'last-event-id': position }] as const,
      ],
      [
        '?lastEventId= before ?from=',
        (position: string) => [`?from=first&lastEventId=${position}`, {}] as const,
      ],
    ])('is the position that %s names', async (_, ask) => {
      const { feed, positions } = await startWithNotes('one', 'two', 'three')
      const [query, headers] = ask(positions[0]!)
      const blocks = await read(feed + query, isLive, headers)
      expect(texts(blocks)).toEqual(['two', 'three'])
      expect(blocks[0]).toMatchObject({ event: 'parley.ready', id: positions[0] })
      expect(blocks.slice(1, 3).map(({ id }) => id)).toEqual(positions.slice(1))
      expect(blocks.at(-1)).toMatchObject({ event: 'parley.live', id: positions[2] })
    })

    test.each([
      ['first', ['one', 'two', 'three']],
      ['last:2', ['two', 'three']],
      ['last:0', []],
      ['last:99', ['one', 'two', 'three']],
    ])('is ?from=%s', async (from, expected) => {
      const { feed } = await startWithNotes('one', 'two', 'three')
      expect(texts(await read(`${feed}?from=${from}`, isLive))).toEqual(expected)
    })

    test('is a gap where the window has moved on, in its place', async () => {
      const { feed, positions } = await startWithNotes('1', '2', '3', '4', '5', '6', '7')
      const blocks = await read(feed, isLive, { 'last-event-id': positions[0]! })
      expect(names(blocks)).toEqual([
        ...['parley.ready', 'parley.gap', 'note', 'note', 'note', 'note', 'note', 'parley.live'],
      ])
      const { id, data } = blocks[1]!
      expect(JSON.parse(data)).toEqual({ after: positions[0], first: id, reason: 'trimmed' })
      expect(texts(blocks)).toEqual(['3', '4', '5', '6', '7'])
    })

    test('is a gap where the log is another one', async () => {
      const { feed } = await startWithNotes('one')
      const blocks = await read(feed, isLive, { 'last-event-id': 'another-7'.replace('another', 'a1') })
      expect(JSON.parse(blocks[1]!.data)).toMatchObject({ after: 'a1-7', reason: 'reset' })
      expect(names(blocks).at(-1)).toBe('parley.live')
    })

    test.each(['nonsense', '-', 'abc-', 'abc-01', 'abc--1', 'a b-1', 'abc-99999999999999999', '%00-1'])(
      'is no position: %s is refused with 400, wherever it stands',
      async (position) => {
        const { url, router } = await startEdge()
        const feed = `${url}/events/feed`
        for (const query of ['lastEventId', 'from', 'until']) {
          const response = await fetch(`${feed}?${query}=${position}`)
          expect(response.status).toBe(400)
          const { code, message } = (await response.json()).error
          expect(code).toBe('BAD_REQUEST')
          expect(message).toContain(query === 'from' ? "or is 'last:50' or 'first'" : 'A position looks like')
        }
        const response = await fetch(feed, { headers: { 'last-event-id': position } })
        expect(response.status).toBe(400)
        expect(router.inspect()).toMatchObject({ readers: 0, timers: 0 })
      },
    )

    test('ends with ?until=, once that position has been passed', async () => {
      const { feed, positions } = await startWithNotes('one', 'two', 'three')
      const response = await fetch(`${feed}?from=first&until=${positions[1]}`)
      const text = await response.text() // it ends by itself
      expect(text).toContain('"one"')
      expect(text).toContain('"two"')
      expect(text).not.toContain('parley.end')
    })
  })

  describe('the params of an SSE route', () => {
    test.each([
      ['row=7&aisle=true&name=7', { row: 7, aisle: true, name: '7' }],
      ['row=-0.5&aisle=false&name=true', { row: -0.5, aisle: false, name: 'true' }],
      ['name=a%20b%26c%3D%E2%82%AC&aisle=false&row=1e3', { row: 1_000, aisle: false, name: 'a b&c=€' }],
      ['name=&aisle=true&row=0&from=first', { row: 0, aisle: true, name: '' }],
    ])('stand in its query: %s', async (query, params) => {
      const { url, hub } = await startEdge()
      const reader = rawGet(`${url}/events/seat?${query}`)
      await reader.until(/parley\.live/)
      await hub.channel.seat(params).emit('taken', { by: 'ann' })
      expect(await reader.until(/ann/)).toContain('event:taken')
      reader.cut()
    })

    test.each([
      ['row=seven&aisle=true&name=x', 'row'],
      ['row=7&aisle=1&name=x', 'aisle'],
      ['row=7&aisle=true', 'name'],
      ['row=7&aisle=true&name=x&name=y', 'name'],
      ['row=7&aisle=true&name=x&colour=red', 'colour'],
      ['row=7&aisle=true&name=x&__proto__=y', '__proto__'],
    ])('that do not fit are named: %s', async (query, wrong) => {
      const { url } = await startEdge()
      const response = await fetch(`${url}/events/seat?${query}`)
      expect(response.status).toBe(422)
      expect(await response.json()).toMatchObject({
        error: { code: 'VALIDATION', issues: [{ path: [wrong] }] },
      })
    })

    test.each([
      '/events/nowhere',
      '/events/rooms.create',
      '/events/feed/more',
      '/events/',
      '/events/__proto__',
    ])('of what is no channel are not asked for: %s is 404', async (path) => {
      const { url } = await startEdge()
      expect((await fetch(url + path)).status).toBe(404)
    })
  })

  describe('any text as data', () => {
    test('arrives as it was sent', async () => {
      const { url, hub } = await startEdge()
      const sent = [
        'two\nlines',
        'cr\rand crlf\r\n',
        '\u2028 and \u2029',
        '\u0000 \u0001 \u007f',
        '\ufeff at the front',
        ' a space, and another ',
        'data: x\n\nid: 7\n\nevent: parley.end',
        '𝄞 €',
        'half of a pair \ud800',
        '',
      ]
      const room = hub.channel.room({ id: 'a' })
      for (const text of sent.slice(0, 5)) await room.emit('message', { text })
      const reading = read(`${url}/events/room?id=a&from=first`, ({ data }) => data === '{"text":""}')
      for (const text of sent.slice(5)) await room.emit('message', { text })
      expect(texts(await reading)).toEqual(sent)
    })
  })

  /** A live reader that stops taking bytes, until the kernel's buffers are full and so is its queue: it has left the live set. */
  async function stalledReader() {
    const queuedBytes = 100_000
    const { url, hub, router } = await startEdge({ limits: { queuedBytes } })
    const room = hub.channel.room({ id: 'a' })
    const reader = rawGet(`${url}/events/room?id=a`)
    onTestFinished(() => reader.cut())
    await reader.until(/parley\.live/)
    reader.pause()
    const text = 'x'.repeat(10_000)
    const sent = { count: 0 }
    const emit = () => room.emit('message', { text: `${sent.count++} ${text}` })
    while (router.inspect().queuedBytes <= queuedBytes) {
      await emit()
      await new Promise((resolve) => setImmediate(resolve)) // so that the network has its turn
    }
    return { room, router, reader, sent, emit }
  }

  describe('a slow SSE reader', () => {
    test('is switched to reading the log at its own pace, and misses nothing', async () => {
      const { room, router, reader, sent, emit } = await stalledReader()
      const queued = router.inspect().queuedBytes
      for (let n = 0; n < 50; n++) await emit() // half of what the channel keeps
      expect(router.inspect().queuedBytes).toBe(queued)
      reader.resume()
      const received = await reader.until(new RegExp(`"${sent.count - 1} x+"}`))
      expect(received).not.toContain('parley.gap')
      const numbers = [...received.matchAll(/"text":"(\d+) x/g)].map(([, n]) => Number(n))
      expect(numbers).toEqual(Array.from({ length: sent.count }, (_, n) => n))
      await room.emit('message', { text: 'live again' })
      expect((await reader.until(/live again/)).match(/event:parley\.live/g)).toHaveLength(2)
    })

    test('that was away for too long is told so by a gap, in its place', async () => {
      const { reader, sent, emit } = await stalledReader()
      const reached = sent.count - 1
      for (let n = 0; n < 300; n++) await emit() // three times what the channel keeps
      reader.resume()
      const received = await reader.until(new RegExp(`"${sent.count - 1} x+"}`))
      const order = [...received.matchAll(/"text":"(\d+) x|"reason":"(\w+)"/g)].map(
        ([, n, why]) => why ?? Number(n),
      )
      const hole = order.indexOf('trimmed')
      expect(order.slice(0, hole)).toEqual(Array.from({ length: reached + 1 }, (_, n) => n))
      const first = order[hole + 1] as number
      expect(order.slice(hole + 1)).toEqual(Array.from({ length: sent.count - first }, (_, n) => first + n))
    })
  })
}
