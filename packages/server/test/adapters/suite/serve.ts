import { createHub, createRouter, memoryLog } from '@parley/server'
import { call, defineContract, ParleyError, type Report } from '@parley/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { rawWebSocket } from '../../../../../tests/support/raw-websocket.js'

import type { AdapterUnderTest } from './harness.js'

export const make = () => {
  const contract = defineContract({ ping: call({ output: z.string() }) })
  return createRouter(createHub(contract), { ping: () => 'pong' })
}

export const callPing = (url: string) =>
  fetch(`${url}/call/ping`, { method: 'POST', headers: { 'content-type': 'application/json' } })

/** A client that has said hello, as this one. */
export async function enter(url: string, client = 'Zm9vYmFyYmF6cXV4MTIzNA') {
  const socket = await rawWebSocket(url)
  socket.send(JSON.stringify(['hello', { v: 1, contract: '0', client }]))
  await socket.until((frame) => frame.startsWith('["welcome"'))
  return socket
}

/** A client that has moved: it has its answers, and waits for nothing. */
export function goAway(socket: Awaited<ReturnType<typeof enter>>): void {
  socket.send(JSON.stringify(['ack', 1, []]))
  socket.cut()
}

export function serveTests({ serve }: AdapterUnderTest): void {
  test('`url` is where the router is reached, whatever the path was written like', async () => {
    await using serving = await serve(make(), { port: 0, hostname: '127.0.0.1', path: 'api/realtime/' })
    expect(serving.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/realtime$/)
    expect(await (await callPing(serving.url)).json()).toBe('pong')
  })

  test('what is not under the path is the application’s to answer, and 404 where it does not', async () => {
    await using alone = await serve(make(), { port: 0 })
    expect((await fetch(new URL('/other', alone.url))).status).toBe(404)
    await using beside = await serve(make(), { port: 0, fetch: () => new Response('mine') })
    expect(await (await fetch(new URL('/other', beside.url))).text()).toBe('mine')
  })

  test('a port that is taken is one sentence that names it', async () => {
    await using first = await serve(make(), { port: 0 })
    const port = Number(new URL(first.url).port)
    const refusal = await serve(make(), { port }).then(undefined, (error: unknown) => error)
    expect(refusal).toBeInstanceOf(ParleyError)
    expect(refusal).toMatchObject({
      ...{ code: 'BAD_OPTIONS', message: `port ${port} is taken: choose another with \`port\`` },
    })
  })

  test('stopping tells every client to come back, frees the port, and may be asked for twice', async () => {
    const serving = await serve(make(), { port: 0, hostname: '127.0.0.1' })
    const socket = await enter(serving.url)
    await Promise.all([serving.stop(), serving.stop()])
    expect((await socket.closed).code).toBe(4000)
    await using next = await serve(make(), { port: Number(new URL(serving.url).port), hostname: '127.0.0.1' })
    expect(await (await callPing(next.url)).json()).toBe('pong')
  })

  test('stopping with time takes no new connection, serves the one that there is, and is over when that has gone', async () => {
    const serving = await serve(make(), { port: 0, hostname: '127.0.0.1' })
    const socket = await enter(serving.url)
    const stopped = serving.stop({ within: 60_000 })
    await socket.until((frame) => frame.startsWith('["move"'))
    await expect(fetch(serving.url)).rejects.toThrow()
    socket.send(JSON.stringify(['call', 1, 'ping', 0]))
    expect(await socket.until((frame) => frame.startsWith('["ok"'))).toBe('["ok",1,"pong"]')
    goAway(socket)
    await stopped
  })

  test('SIGTERM lets clients move, and a second signal does not wait for them', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
    onTestFinished(() => exit.mockRestore())
    const before = process.listenerCount('SIGTERM')
    const serving = await serve(make(), { port: 0, hostname: '127.0.0.1', within: 600_000 })
    const socket = await enter(serving.url)
    process.emit('SIGTERM', 'SIGTERM')
    await socket.until((frame) => frame.startsWith('["move"'))
    expect(exit).not.toHaveBeenCalled()
    process.emit('SIGTERM', 'SIGTERM')
    expect((await socket.closed).code).toBe(4100)
    await expect.poll(() => exit).toHaveBeenCalledWith(0)
    expect(process.listenerCount('SIGTERM')).toBe(before)
  })

  test('of two servers in one program, the one that is done sooner does not end it for the other', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
    onTestFinished(() => exit.mockRestore())
    const [idle, busy] = await Promise.all(
      [1, 2].map(() => serve(make(), { port: 0, hostname: '127.0.0.1', within: 600_000 })),
    )
    const socket = await enter(busy!.url)
    process.emit('SIGTERM', 'SIGTERM')
    await socket.until((frame) => frame.startsWith('["move"'))
    await idle!.stop()
    await new Promise((resolve) => setImmediate(resolve))
    expect(exit).not.toHaveBeenCalled()
    goAway(socket)
    await expect.poll(() => exit).toHaveBeenCalledWith(0)
    expect(exit).toHaveBeenCalledTimes(1)
  })

  test('a time that is none is refused before anything listens', async () => {
    await expect(serve(make(), { port: 0, within: Number.NaN })).rejects.toMatchObject({
      ...{ code: 'BAD_OPTIONS', message: expect.stringContaining("'within' must be a number of ms") },
    })
    await using serving = await serve(make(), { port: 0 })
    await expect(serving.stop({ within: -1 })).rejects.toMatchObject({ code: 'BAD_OPTIONS' })
  })

  test('SIGTERM stops it, and then the program, and a stopped server listens for no signal', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
    onTestFinished(() => exit.mockRestore())
    const before = process.listenerCount('SIGTERM')
    const serving = await serve(make(), { port: 0 })
    expect(process.listenerCount('SIGTERM')).toBe(before + 1)
    process.emit('SIGTERM', 'SIGTERM')
    await expect.poll(() => exit).toHaveBeenCalledWith(0)
    await expect(fetch(serving.url)).rejects.toThrow()
    expect(process.listenerCount('SIGTERM')).toBe(before)
  })

  test('a log that cannot be closed frees the port all the same, and SIGTERM then ends the program with a failure', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
    onTestFinished(() => exit.mockRestore())
    const reports: Report[] = []
    const log = Object.assign(memoryLog(), { close: () => Promise.reject(new Error('disk gone')) })
    const contract = defineContract({ ping: call({ output: z.string() }) })
    const hub = createHub(contract, { log, onReport: (report) => reports.push(report) })
    const serving = await serve(createRouter(hub, { ping: () => 'pong' }), { port: 0 })
    process.emit('SIGTERM', 'SIGTERM')
    await expect.poll(() => exit).toHaveBeenCalledWith(1)
    await expect(fetch(serving.url)).rejects.toThrow()
    await expect(serving.stop()).rejects.toThrow('disk gone')
    expect(reports).toMatchObject([{ kind: 'log-failed', error: { message: 'disk gone' } }])
  })
}
