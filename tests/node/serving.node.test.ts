/** Client and server in Node, and nothing of Bun between them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createClient } from '@parley/client'
import { serve } from '@parley/server/node'
import { build } from 'esbuild'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { startProxy } from '../support/proxy.js'
import { liveContract } from './live-contract.js'
import { liveRouter } from './live-router.js'

function clientOf(url: URL | string, name: string, transport: 'websocket' | 'sse' | 'auto' = 'auto') {
  const client = createClient(liveContract, {
    url,
    WebSocket,
    transport,
    auth: () => name,
    onReport: () => {},
  })
  onTestFinished(() => client.connection.close())
  return client
}

type LiveClient = ReturnType<typeof clientOf>

/** Resolves once the connection is no longer open. */
function away({ connection }: LiveClient): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection.subscribe(() => {
      if (connection.getSnapshot().status === 'open') return
      stop()
      resolve()
    })
  })
}

describe.each(['websocket', 'sse'] as const)('over %s, a client in Node of a server in Node', (transport) => {
  async function start() {
    const router = liveRouter()
    const serving = await serve(router, { port: 0, hostname: '127.0.0.1' })
    onTestFinished(() => serving.stop())
    const way = await startProxy(serving.url)
    onTestFinished(() => way.stop())
    return { router, way, client: (name: string) => clientOf(way.url, name, transport) }
  }

  test('calls, reads a stream to its result, and is told a declared error', async () => {
    const { client } = await start()
    const ann = client('ann')
    expect(await ann.half(8)).toBe(4)
    const { error } = await ann.half.safe(7)
    expect(error?.code === 'ODD' && error.data).toEqual({ nearest: 8 })
    const run = ann.count({ to: 500 })
    const numbers: number[] = []
    for await (const n of run) numbers.push(n)
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, n) => n + 1))
    expect(await run.result).toBe('counted to 500')
  })

  test('goes on after each cut, and has every event once and in order', async () => {
    const { client, way, router } = await start()
    const [ann, bob] = [client('ann'), client('bob')]
    const room = ann.room({ id: 'a' })
    const got: number[] = []
    const gaps: unknown[] = []
    room.on('said', ({ n }) => got.push(n))
    room.onGap((gap) => gaps.push(gap))
    await room.ready()
    let n = 0
    for (let cut = 0; cut < 3; cut++) {
      for (let i = 0; i < 20; i++) await bob.room({ id: 'a' }).send('say', { n: n++ })
      const gone = Promise.all([ann, bob].map(away))
      way.cut()
      await gone
      for (const { connection } of [ann, bob]) connection.reconnect()
    }
    await bob.room({ id: 'a' }).send('say', { n: n++ })
    await expect.poll(() => got.at(-1)).toBe(n - 1)
    expect(got).toEqual(Array.from({ length: n }, (_, one) => one))
    expect(gaps).toEqual([])
    for (const { connection } of [ann, bob]) connection.close()
    const nothing = { connections: 0, readers: 0, topics: 0, live: 0, queuedBytes: 0, running: 0 }
    await expect.poll(() => router.inspect()).toMatchObject(nothing)
  })

  test('sees who is there, and who has left', async () => {
    const { client } = await start()
    const [ann, bob] = [client('ann'), client('bob')]
    const seen = ann.room({ id: 'a' }).presence
    const names = () =>
      seen
        .getSnapshot()
        .members.map(({ member }) => member)
        .sort()
    const stops = [ann, bob].map((one) => {
      const { presence } = one.room({ id: 'a' })
      presence.set({ name: one === ann ? 'Ann' : 'Bob' })
      return presence.subscribe(() => {})
    })
    await expect.poll(names).toEqual(['ann', 'bob'])
    bob.connection.close()
    await expect.poll(names).toEqual(['ann'])
    for (const stop of stops) stop()
  })
})

test('a client whose network passes no WebSocket falls back to event streams, and everything works', async () => {
  const router = liveRouter()
  const serving = await serve(router, { port: 0, hostname: '127.0.0.1' })
  onTestFinished(() => serving.stop())
  serving.server.removeAllListeners('upgrade')
  const client = clientOf(serving.url, 'ann')
  const events = client.room({ id: 'a' }).events()
  const first = events.next()
  await client.room({ id: 'a' }).ready()
  expect(await client.room({ id: 'a' }).send('say', { n: 1 })).toEqual({ n: 1 })
  expect((await first).value).toMatchObject({ name: 'said', data: { n: 1 } })
  await events.return?.()
})

describe('a server process that is killed', () => {
  /** The process in a file that Node can run. */
  async function built(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-node-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const outfile = join(folder, 'live-process.cjs')
    await build({
      entryPoints: [join(import.meta.dirname, 'live-process.ts')],
      ...{ outfile, bundle: true, platform: 'node', format: 'cjs', conditions: ['source'] },
    })
    return outfile
  }

  async function started(file: string, port = '0'): Promise<{ child: ChildProcess; url: URL }> {
    const child = spawn(process.execPath, [file, port], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [line] = await once(createInterface(child.stdout), 'line')
    return { child, url: new URL(line) }
  }

  test('and starts anew with an empty memory tells each reader of the gap, and goes on', async () => {
    const file = await built()
    const first = await started(file)
    const client = clientOf(first.url, 'ann')
    const room = client.room({ id: 'a' })
    const got: unknown[] = []
    room.on('said', ({ n }) => got.push(n))
    room.onGap(({ reason }) => got.push(reason))
    await room.ready()
    await room.send('say', { n: 1 })
    await expect.poll(() => got).toEqual([1])

    const exited = once(first.child, 'exit')
    const gone = away(client)
    first.child.kill('SIGKILL')
    await Promise.all([exited, gone])
    const second = await started(file, first.url.port)
    client.connection.reconnect()
    await expect.poll(() => got).toEqual([1, 'reset'])
    expect(await room.send('say', { n: 2 })).toEqual({ n: 2 })
    await expect.poll(() => got).toEqual([1, 'reset', 2])

    // and SIGTERM is a goodbye
    const ended = once(second.child, 'exit')
    client.connection.close()
    second.child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })
})
