import type { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { NodeSocket, readyFrame } from '../../src/adapters/node/socket.js'

/** A socket of `ws` over a network that takes bytes when the test says so. */
function connected() {
  const told: string[] = []
  const way: { text: string; taken: () => void }[] = []
  let drains = 0
  const ws = {
    ...{ readyState: 1, OPEN: 1, bufferedAmount: 0 },
    send(bytes: Uint8Array, _options: object, took: () => void) {
      ws.bufferedAmount += bytes.byteLength
      const taken = (): void => {
        ws.bufferedAmount -= bytes.byteLength
        took()
      }
      way.push({ text: new TextDecoder().decode(bytes), taken })
    },
    close(code: number, reason: string) {
      told.push(`closed with ${code} ${reason}`)
      ws.readyState = 2
    },
  }
  const socket = new NodeSocket({
    ws: ws as unknown as WebSocket,
    raw: { cork() {}, uncork() {} } as unknown as Duplex,
    ready: readyFrame,
    drained: () => drains++,
  })
  return {
    ...{ socket, told, ws },
    drains: () => drains,
    onTheWay: () => way.length,
    /** The network takes all that is on its way. */
    take() {
      for (const { text, taken } of way.splice(0)) {
        told.push(text)
        taken()
      }
    },
  }
}

const frame = (n: number): string => `${n}`.padEnd(1_000, '.')
const numbers = (told: readonly string[]): number[] => told.map((text) => Number.parseInt(text, 10))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

test('what is queued is handed on by and by, so that progress shows, and in order', () => {
  const { socket, told, onTheWay, take, drains } = connected()
  for (let n = 0; n < 500; n++) socket.send(frame(n))
  expect(socket.buffered()).toBe(500_000)
  const portions: number[] = []
  while (socket.buffered() > 0) {
    const before = socket.buffered()
    const seen = drains()
    take()
    expect(drains()).toBeGreaterThan(seen)
    portions.push(before - socket.buffered())
  }
  expect(portions.length).toBeGreaterThanOrEqual(7)
  expect(Math.max(...portions)).toBeLessThan(70_000)
  expect(onTheWay()).toBe(0)
  expect(numbers(told)).toEqual(upTo(500))
})

test('what is sent while others wait keeps its place behind them', () => {
  const { socket, told, take } = connected()
  let n = 0
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 30; i++) socket.send(frame(n++))
    if (round % 2 === 0) take()
  }
  while (socket.buffered() > 0) take()
  expect(numbers(told)).toEqual(upTo(n))
})

test('a close comes behind everything that waits, and what is sent after it is nothing', () => {
  const { socket, told, onTheWay, take } = connected()
  for (let n = 0; n < 200; n++) socket.send(frame(n))
  socket.close(4000, 'bye')
  expect(onTheWay()).toBe(200)
  expect(socket.send('late')).toBe(true)
  take()
  expect(told).toHaveLength(201)
  expect(told.filter((one) => one.startsWith('closed'))).toEqual(['closed with 4000 bye'])
  expect(socket.buffered()).toBe(0)
})

test('nobody is told of a network that takes everything at once', () => {
  const { socket, drains, take, ws } = connected()
  const send = ws.send
  ws.send = (bytes, options, took) => {
    send(bytes, options, took)
    take()
  }
  for (let n = 0; n < 10; n++) socket.send(frame(n))
  expect(drains()).toBe(0)
})
