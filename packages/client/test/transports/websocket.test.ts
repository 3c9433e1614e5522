import { runInNewContext } from 'node:vm'
import type { FrameData } from '@parley/shared/internal'
import { afterEach, expect, test, vi } from 'vitest'
import { type WebSocketConstructor, webSocketLink } from '../../src/transports/websocket.js'

/** What a link makes of its socket. */
class FakeSocket {
  static last: FakeSocket
  binaryType = 'blob'
  bufferedAmount = 12
  onopen: ((event: never) => unknown) | null = null
  onmessage: ((event: never) => unknown) | null = null
  onclose: ((event: never) => unknown) | null = null
  onerror: ((event: never) => unknown) | null = null
  readonly url: string
  readonly protocols: readonly string[]
  readonly sent: unknown[] = []
  readonly closed: unknown[] = []

  constructor(url: string, protocols: string[]) {
    this.url = url
    this.protocols = protocols
    FakeSocket.last = this
  }

  send(data: unknown): void {
    this.sent.push(data)
  }

  close(code?: number, reason?: string): void {
    this.closed.push([code, reason])
  }

  fire(kind: 'open' | 'message' | 'close' | 'error', event: object = {}): void {
    this[`on${kind}`]?.(event as never)
  }
}

const Fake = FakeSocket as WebSocketConstructor

function connect(url: string | URL = 'wss://host/realtime') {
  const happened: unknown[] = []
  const end = webSocketLink(url, Fake).connect({
    opened: () => happened.push('opened'),
    received: (data: FrameData) => happened.push(data),
    closed: (code, reason) => happened.push([code, reason]),
  })
  return { end, happened, socket: FakeSocket.last }
}

afterEach(() => vi.unstubAllGlobals())

test('the subprotocol is asked for, and bytes come as bytes', () => {
  const { socket, happened } = connect()
  expect(socket.protocols).toEqual(['parley.1'])
  expect(socket.binaryType).toBe('arraybuffer')
  socket.fire('open')
  socket.fire('message', { data: '["pong"]' })
  socket.fire('message', { data: new Uint8Array([1, 2]).buffer })
  expect(happened).toEqual(['opened', '["pong"]', new Uint8Array([1, 2])])
})

test('a buffer of another realm is bytes, and what is no buffer is told all the same, as no frame', () => {
  const { socket, happened } = connect()
  socket.fire('open')
  socket.fire('message', { data: runInNewContext('new Uint8Array([1, 2]).buffer') })
  socket.fire('message', { data: new Blob(['x']) })
  expect(happened).toEqual(['opened', new Uint8Array([1, 2]), new Uint8Array()])
})

test.each([
  ['http://host:3000/realtime', 'ws://host:3000/realtime'],
  ['https://host/realtime?a=1#top', 'wss://host/realtime?a=1'],
  ['ws://host/', 'ws://host/'],
  [new URL('wss://host/x'), 'wss://host/x'],
])('%s is reached at %s', (url, address) => {
  expect(connect(url).socket.url).toBe(address)
})

test('an address relative to a page is reached where the page is', () => {
  vi.stubGlobal('location', { href: 'https://app.example/rooms/1' })
  expect(connect('/realtime').socket.url).toBe('wss://app.example/realtime')
})

test('an address that is none is said, with what to do', () => {
  vi.stubGlobal('location', undefined)
  expect(() => connect('/realtime')).toThrow(/give the whole address/)
  expect(() => connect('ftp://host/')).toThrow(/not of http, https, ws or wss/)
})

test('a socket that never opened is reported as 1006, whatever the runtime makes of it', () => {
  const { socket, happened } = connect()
  socket.fire('error')
  socket.fire('close', { code: 1002, reason: 'Expected 101 status code' })
  const question = 'It never opened: is there a Parley server at wss://host/realtime?'
  expect(happened).toEqual([[1006, `${question} Expected 101 status code`]])
  const silent = connect()
  silent.socket.fire('close', { code: 1006, reason: '' })
  expect(silent.happened).toEqual([[1006, question]])
})

test('nothing follows a close, whether or not the other side ever answers', () => {
  const { socket, end, happened } = connect()
  socket.fire('open')
  end.close(4001, 'x')
  socket.fire('message', { data: 'late' })
  socket.fire('close', { code: 4001, reason: '' })
  end.send('late')
  end.close(1000, '')
  expect(happened).toEqual(['opened'])
  expect(socket.closed).toEqual([[4001, 'x']])
  expect(socket.sent).toEqual([])
  expect(end.buffered()).toBe(0)
})

test('a socket that is given up before it opened reports nothing more', () => {
  const { socket, end, happened } = connect()
  end.close(4003, '')
  socket.fire('open')
  socket.fire('error')
  expect(happened).toEqual([])
})

test('an end is reported once', () => {
  const { socket, happened } = connect()
  socket.fire('open')
  socket.fire('close', { code: 4100, reason: '{}' })
  socket.fire('close', { code: 1006, reason: '' })
  expect(happened).toEqual(['opened', [4100, '{}']])
})

test('a runtime without a WebSocket says so when a connection is wanted', () => {
  vi.stubGlobal('WebSocket', undefined)
  const link = webSocketLink('ws://host/') // making one is no mistake yet
  expect(() => link.connect({ opened() {}, received() {}, closed() {} })).toThrow(
    expect.objectContaining({
      code: 'BAD_OPTIONS',
      message: expect.stringContaining('createClient(contract, { WebSocket })'),
    }),
  )
})
