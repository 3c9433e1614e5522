import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { curl, curlLinesOf } from '../examples/curl.js'
import { type Running, runToEnd, startExample } from '../examples/running.js'
import { firstBlocks } from './event-stream.js'

const start = 'examples/demo/start.ts'
const root = join(import.meta.dirname, '../..')

let demo: Running

beforeAll(async () => {
  demo = await startExample(start)
})

afterAll(async () => {
  await demo.stop()
})

const json = { 'content-type': 'application/json' }
const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(demo.url + path, {
    method: 'POST',
    headers: { ...json, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

describe('the demo', () => {
  test('says what it serves, and where', () => {
    const { port } = new URL(demo.url)
    for (const line of [
      `page  .*:${port}$`,
      `realtime .*:${port}/realtime`,
      `notifications .*:${port}/api/events`,
    ]) {
      expect(demo.output()).toMatch(new RegExp(line, 'm'))
    }
  })

  test('serves a page with everything that the page asks for', async () => {
    const response = await fetch(demo.url)
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'")
    const html = await response.text()
    const files = [...html.matchAll(/(?:src|href)="(\/[^"?]+)"/g)].map(([, path]) => path as string)
    expect(files.map((path) => path.split('.').at(-1)).sort()).toEqual(['css', 'js'])
    for (const path of files) {
      const file = await fetch(demo.url + path)
      expect(file.status).toBe(200)
      expect(file.headers.get('content-type')).toContain(path.endsWith('.css') ? 'css' : 'javascript')
      expect((await file.text()).length).toBeGreaterThan(1_000)
    }
  })

  test('knows no other address', async () => {
    expect((await fetch(`${demo.url}/nowhere`)).status).toBe(404)
  })

  test('counts without a hole', async () => {
    const blocks = await firstBlocks(`${demo.url}/realtime/events/ticks?from=first`, 6, 'tick')
    const ticks = blocks.map(({ data }) => data as { n: number; at: string })
    const numbers = ticks.map(({ n }) => n)
    const [first = Number.NaN] = numbers
    expect(numbers).toEqual(numbers.map((_, index) => first + index))
    for (const { at } of ticks) expect(new Date(at).toISOString()).toBe(at)
  })

  test('gives what is said in a room to the room and to both routes of the notifications, at one position', async () => {
    const room = firstBlocks(`${demo.url}/realtime/events/room?id=lunch&from=first`, 1, 'message')
    const hub = firstBlocks(`${demo.url}/realtime/events/notifications?from=first`, 1, 'chat')
    const alone = firstBlocks(`${demo.url}/api/events?from=first`, 1, 'chat')
    const said = await post(
      '/realtime/message/room/say?id=lunch',
      { text: 'Soup?' },
      { authorization: 'Bearer Ada' },
    )
    expect(said.status).toBe(200)
    const { id } = (await said.json()) as { id: string }
    expect((await room)[0]?.data).toMatchObject({ id, from: 'Ada', text: 'Soup?', kind: 'chat' })
    const [ofHub, ofEmitter] = [(await hub)[0], (await alone)[0]]
    expect(ofHub?.data).toMatchObject({ id, from: 'Ada', text: 'Soup?', room: 'lunch' })
    expect(ofEmitter).toEqual(ofHub)
  })

  test('tells everybody of an announcement, and of a new room', async () => {
    const alone = firstBlocks(`${demo.url}/api/events?from=first`, 2, 'notification')
    await post('/realtime/message/room/say?id=release', { text: 'Ship it', kind: 'announcement' })
    const created = await post('/realtime/call/rooms.create', { name: 'Night Shift' })
    expect(await created.json()).toMatchObject({ id: 'night-shift', name: 'Night Shift', by: 'Guest' })
    expect((await alone).map(({ data }) => data)).toMatchObject([
      { about: 'announcement', text: 'Ship it', room: 'release' },
      { about: 'room', text: 'Night Shift', room: 'night-shift' },
    ])
    const list = (await (await post('/realtime/call/rooms.list')).json()) as { id: string }[]
    expect(list.map(({ id }) => id)).toEqual(['general', 'release', 'lunch', 'night-shift'])
  })

  test('says which name is free where one is taken', async () => {
    const response = await post('/realtime/call/rooms.create', { name: ' general! ' })
    expect(response.status).toBe(409)
    const { error } = (await response.json()) as { error: unknown }
    expect(error).toMatchObject({ code: 'NAME_TAKEN', data: { suggestion: 'general! 2' } })
  })

  test('lets nobody into a room that is not open', async () => {
    expect((await fetch(`${demo.url}/realtime/events/room?id=cellar`)).status).toBe(403)
    expect((await post('/realtime/message/room/say?id=cellar', { text: 'Hello?' })).status).toBe(403)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('goes on after %s and a restart where it was', async (signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-demo-'))
    const data = join(folder, 'new', 'events.db')
    const numbersOf = (blocks: Awaited<ReturnType<typeof firstBlocks>>) =>
      blocks.map((block) => (block.data as { n: number }).n)
    try {
      const before = await startExample(start, { data })
      const seen = await firstBlocks(`${before.url}/realtime/events/ticks`, 3, 'tick')
      expect((await before.stop(signal)).code).toBe(0)
      const after = await startExample(start, { data })
      const ticks = `${after.url}/realtime/events/ticks?lastEventId=${seen.at(-1)!.id}`
      const numbers = [...numbersOf(seen), ...numbersOf(await firstBlocks(ticks, 30, 'tick'))]
      expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index))
      await after.stop()
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('each curl line of the README', () => {
  const readme = readFileSync(join(root, 'examples/demo/README.md'), 'utf8')
  const lines = curlLinesOf(readme)

  /** What each must print, by what it asks for. A line without an expectation fails. */
  const expected: readonly (readonly [asked: RegExp, printed: RegExp])[] = [
    [/api\/events/, /event:parley\.ready/],
    [/events\/ticks/, /event:tick\n/],
    [/events\/room/, /event:parley\.ready/],
    [/rooms\.list/, /"id":"general"/],
    [/rooms\.create/, /"NAME_TAKEN".*"suggestion":"General 2"/],
    [/message\/room\/say/, /\{"id":"[0-9a-f-]{36}"\}/],
  ]

  test('is known here', () => {
    expect(lines.length).toBe(expected.length)
  })

  test.each(lines)('%s', async (line) => {
    const printed = expected.find(([asked]) => asked.test(line))?.[1]
    expect(printed).toBeDefined()
    expect(await curl(line, demo.url, printed as RegExp)).toMatch(printed as RegExp)
  })
})

describe('starting and stopping', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s stops it with exit code 0, also while pages are open',
    async (signal) => {
      const other = await startExample(start)
      const socket = new WebSocket(`${other.url.replace('http', 'ws')}/realtime`, ['parley.1'])
      await new Promise((resolve) => socket.addEventListener('open', resolve))
      const closed = new Promise((resolve) => socket.addEventListener('close', resolve))
      const feed = await fetch(`${other.url}/api/events`)
      expect(feed.status).toBe(200)
      const { code, output } = await other.stop(signal)
      expect(code).toBe(0)
      expect(output).toContain('Stopping')
      expect(output).not.toMatch(/error|\bat .*:\d+:\d+/i)
      await closed
    },
  )

  test('a port that is taken is a sentence, and a failure', async () => {
    const taken = createServer().listen(0)
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    try {
      const { code, output } = await runToEnd(start, { port: String(port) })
      expect(code).toBe(1)
      expect(output).toBe(
        `Port ${port} is taken. Stop what is there, or take another: PORT=${port + 1} npm start\n`,
      )
    } finally {
      await new Promise((resolve) => taken.close(resolve))
    }
  })

  test('data that another one has is a sentence, and a failure', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-demo-'))
    const data = join(folder, 'events.db')
    const first = await startExample(start, { data })
    try {
      const { code, output } = await runToEnd(start, { data, port: '3000' })
      expect(code).toBe(1)
      expect(output).toMatch(/events\.db.* in use .*\n?DATA=other\.db PORT=3001 npm start takes another/s)
      expect(output).not.toMatch(/\bat .*:\d+:\d+/)
    } finally {
      await first.stop()
      await rm(folder, { recursive: true })
    }
  })

  test('packages that are missing are a sentence, and a failure', async () => {
    const alone = await mkdtemp(join(tmpdir(), 'parley-demo-'))
    try {
      await cp(join(root, 'examples/demo'), alone, { recursive: true })
      const { code, output } = await runToEnd(join(alone, 'start.ts'), { args: ['--no-install'] })
      expect(code).toBe(1)
      expect(output).toMatch(
        /^Cannot find .*'\S+'.*\nThe packages are not there, or not built: .*npm start`\.\n$/,
      )
    } finally {
      await rm(alone, { recursive: true })
    }
  })

  test.each(['http', '-1', '70000', ''])('PORT=%j is a sentence, and a failure', async (port) => {
    const { code, output } = await runToEnd(start, { port })
    expect(code).toBe(1)
    expect(output).toBe(`PORT=${port} is no port: it is a number from 0 (any free one) to 65535.\n`)
  })
})
