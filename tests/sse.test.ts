/** An SSE route as the rest of the world reads it: with nothing but `fetch`, and with npm's `eventsource`. */

import { createEmitter } from '@parley/server'
import { channel, defineContract, volatile } from '@parley/shared'
import { EventSource } from 'eventsource'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'

const at = new Date('2026-01-01T00:00:00Z')
const open: { close(): void }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

function setUp() {
  const contract = defineContract({
    feed: channel({
      events: {
        note: z.object({ text: z.string() }),
        when: z.object({ at: z.date() }),
        hint: volatile(z.string()),
      },
    }),
  })
  // a native EventSource waits as long as it is told, so it is told not to
  const emitter = createEmitter(contract, 'feed', { limits: { sseRetryMs: 1 } })
  const requests: Request[] = []
  const server = Bun.serve({
    port: 0,
    fetch(request) {
      requests.push(request)
      return emitter.respond(request)
    },
  })
  open.push(emitter, { close: () => void server.stop(true) })
  const url = `http://127.0.0.1:${server.port}/events`
  return { emitter, url, requests }
}

/** The raw text of a response, as it comes. */
async function raw(url: string, headers: Record<string, string> = {}) {
  const aborter = new AbortController()
  const response = await fetch(url, { headers, signal: aborter.signal })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  open.push({ close: () => aborter.abort() })
  let text = ''
  return {
    response,
    /** Everything up to and including this text. */
    async until(end: string): Promise<string> {
      while (!text.includes(end)) {
        const { done, value } = await reader.read()
        if (done) throw new Error(`the response ended with ${JSON.stringify(text)}`)
        text += value
      }
      const upTo = text.indexOf(end) + end.length
      const found = text.slice(0, upTo)
      text = text.slice(upTo)
      return found
    },
    /** Everything to the end. */
    async rest(): Promise<string> {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value
      return text
    },
    close: () => aborter.abort(),
  }
}

/** The blocks of a text, each as its fields. */
function blocks(text: string): Record<string, string>[] {
  return text
    .split('\n\n')
    .filter((block) => /^(event|data|id):/m.test(block))
    .map((block) => Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2))))
}

test('a raw reader sees named events with bare JSON, and where it is before anything happens', async () => {
  const { emitter, url } = setUp()
  const stream = await raw(url)
  expect(stream.response.status).toBe(200)
  expect(stream.response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  const head = blocks(await stream.until('event:parley.live'))
  expect(head[0]).toMatchObject({ event: 'parley.ready' })
  expect(JSON.parse(head[0]!.data!)).toEqual({ position: head[0]!.id })
  const position = await emitter.emit('note', { text: 'line one\nline two' })
  await emitter.emit('when', { at })
  await emitter.emit('hint', 'psst')
  await emitter.emit('note', { text: 'end' })
  const [note, when, hint] = blocks(await stream.until('"end"}')).slice(-4)
  expect(note).toEqual({ event: 'note', id: position, data: '{"text":"line one\\nline two"}' })
  expect(JSON.parse(when!.data!)).toEqual({ at: at.toISOString() })
  expect(JSON.parse(when!.meta!)).toMatchObject({ values: { at: ['Date'] } })
  expect(hint).toEqual({ event: 'hint', data: '"psst"' })
})

test.each(['header', 'query'])(
  'a raw reader comes back after its last event id, given as a %s',
  async (way) => {
    const { emitter, url } = setUp()
    const position = await emitter.emit('note', { text: 'seen' })
    await emitter.emit('note', { text: 'missed 1' })
    await emitter.emit('note', { text: 'missed 2' })
    const stream =
      way === 'header'
        ? await raw(url, { 'last-event-id': position })
        : await raw(`${url}?lastEventId=${position}`)
    const got = blocks(await stream.until('event:parley.live'))
    expect(got.flatMap(({ event, data }) => (event === 'note' ? [JSON.parse(data!).text] : []))).toEqual([
      'missed 1',
      'missed 2',
    ])
  },
)

test('the header wins over the query, as an EventSource that comes back sends both', async () => {
  const { emitter, url } = setUp()
  const first = await emitter.emit('note', { text: 'one' })
  const second = await emitter.emit('note', { text: 'two' })
  await emitter.emit('note', { text: 'three' })
  const stream = await raw(`${url}?lastEventId=${first}`, { 'last-event-id': second })
  const text = await stream.until('event:parley.live')
  expect(text).toContain('three')
  expect(text).not.toContain('two')
})

test('a finite request ends by itself, and its last block says that it is complete', async () => {
  const { emitter, url } = setUp()
  await emitter.emit('note', { text: 'one' })
  const until = await emitter.emit('note', { text: 'two' })
  await emitter.emit('note', { text: 'three' })
  const stream = await raw(`${url}?from=first&until=${until}`)
  const got = blocks(await stream.rest())
  expect(got.map(({ event }) => event)).toEqual(['parley.ready', 'note', 'note', 'parley.live'])
  expect(got.at(-1)).toMatchObject({ id: until })
})

test("npm's eventsource reads it, and comes back by itself without a hole or a repeat", async () => {
  const { emitter, url, requests } = setUp()
  const before = await emitter.emit('note', { text: '1' })
  await emitter.emit('note', { text: '2' })
  let cut = (): void => {}
  const source = new EventSource(`${url}?lastEventId=${before}`, {
    // an abort would be its own wish, and the end; a broken body is what a broken network looks like
    fetch: async (address, init) => {
      const response = await fetch(address, init as RequestInit)
      const through = new TransformStream<Uint8Array, Uint8Array>({
        start(controller) {
          cut = () => controller.error(new TypeError('cut'))
        },
      })
      return new Response(response.body!.pipeThrough(through), response)
    },
  })
  open.push(source)
  const texts: string[] = []
  const ids: string[] = []
  const came = (text: string) =>
    new Promise<void>((resolve) => {
      const check = () =>
        texts.includes(text) ? resolve() : source.addEventListener('note', check, { once: true })
      check()
    })
  source.addEventListener('note', ({ data, lastEventId }) => {
    texts.push(JSON.parse(data).text)
    ids.push(lastEventId)
  })
  await came('2')
  await emitter.emit('note', { text: '3' })
  await came('3')
  const back = new Promise<void>((resolve) => {
    source.addEventListener('parley.live', () => resolve(), { once: true })
  })
  cut()
  await emitter.emit('note', { text: '4' })
  await back
  await emitter.emit('note', { text: '5' })
  await came('5')
  expect(texts).toEqual(['2', '3', '4', '5'])
  expect(new Set(ids).size).toBe(4)
  expect(requests.at(-1)?.headers.get('last-event-id')).toBe(ids[1])
})
