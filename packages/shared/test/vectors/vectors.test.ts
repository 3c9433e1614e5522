import { describe, expect, test } from 'vitest'
import { createCodec } from '../../src/codec/codec.js'
import type { Encoded, Received } from '../../src/codec/payload.js'
import type { FrameData } from '../../src/link.js'
import {
  type CloseReason,
  closeCodes,
  encodeCloseReason,
  parseCloseReason,
  type ReconnectPolicy,
  reconnectPolicy,
} from '../../src/wire/codes.js'
import { encodeClientFrame } from '../../src/wire/encode-client.js'
import { encodeServerFrame } from '../../src/wire/encode-server.js'
import {
  type DownMessage,
  encodeDown,
  encodeUp,
  encodeUpBody,
  type LinkClose,
  parseUpBody,
  readDown,
} from '../../src/wire/fallback.js'
import { Fault } from '../../src/wire/fault.js'
import type { ClientFrame, ServerFrame } from '../../src/wire/frames.js'
import { parseClientFrame } from '../../src/wire/parse-client.js'
import { parseServerFrame } from '../../src/wire/parse-server.js'
import { formatPosition, type Position, parsePosition } from '../../src/wire/position.js'
import { createSseParser, encodeBlock, type ReceivedBlock, type SseBlock } from '../../src/wire/sse.js'
import { asSent, clientFrames, serverFrames } from '../wire/arbitrary-frames.js'
import { describeValue, makeValue } from './describe.js'
import { fromVector, loadVectors } from './load.js'

type Direction = 'client' | 'server' | 'both'
interface OnWire {
  readonly name: string
  readonly direction: Direction
  readonly text?: string
  readonly base64?: string
}

const onWire = ({ text, base64 }: OnWire): FrameData => text ?? fromVector(base64 ?? '')

/** Reads what `direction` sends, as each side that receives it does. */
function readAs(direction: Direction, data: FrameData, depth: number): unknown[] {
  return [
    ...(direction === 'server' ? [] : [parseClientFrame(data, depth)]),
    ...(direction === 'client' ? [] : [parseServerFrame(data, depth)]),
  ]
}

describe('frames.json', () => {
  const vectors = loadVectors<(OnWire & { frame: Record<string, unknown>; alsoRead?: string[] })[]>('frames')

  /** A vector's frame with its blobs as bytes. */
  function revive(frame: Record<string, unknown>): { type: string } {
    const revived = Object.entries(frame).map(([key, value]) => {
      const blobs = (value as { blobs?: string[] } | null)?.blobs
      return [key, blobs ? { ...(value as object), blobs: blobs.map(fromVector) } : value]
    })
    return Object.fromEntries(revived)
  }

  test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const frame = revive(vector.frame)
    const sent: unknown = asSent(frame)
    if (vector.direction !== 'server') {
      expect(encodeClientFrame(sent as ClientFrame<Encoded>)).toEqual(onWire(vector))
    }
    if (vector.direction !== 'client') {
      expect(encodeServerFrame(sent as ServerFrame<Encoded>)).toEqual(onWire(vector))
    }
    for (const data of [onWire(vector), ...(vector.alsoRead ?? [])]) {
      for (const read of readAs(vector.direction, data, 64)) expect(read).toEqual(frame)
    }
  })

  test('has every type of frame, in its direction', () => {
    const types = (...directions: Direction[]) =>
      new Set(
        vectors.filter(({ direction }) => directions.includes(direction)).map(({ frame }) => frame.type),
      )
    expect(types('client', 'both')).toEqual(new Set(Object.keys(clientFrames)))
    expect(types('server', 'both')).toEqual(new Set(Object.keys(serverFrames)))
  })
})

describe('faults.json', () => {
  const { jsonDepth, faults } = loadVectors<{
    jsonDepth: number
    faults: (OnWire & { close: keyof typeof closeCodes; code: number })[]
  }>('faults')

  test.each(faults.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const results = readAs(vector.direction, onWire(vector), jsonDepth)
    expect(results.length).toBeGreaterThan(0)
    for (const result of results) {
      expect(result).toBeInstanceOf(Fault)
      expect((result as Fault).close).toBe(vector.close)
      expect(closeCodes[vector.close].code).toBe(vector.code)
    }
  })
})

describe('closes.json', () => {
  const closes = loadVectors<{
    policies: { code: number; policy: ReconnectPolicy }[]
    reasons: { text: string; reason: CloseReason }[]
    foreignReasons: string[]
  }>('closes')

  test.each(closes.policies.map(({ code, policy }) => [code, policy] as const))('%d: %s', (code, policy) => {
    expect(reconnectPolicy(code)).toBe(policy)
  })

  test('every close code has a policy here', () => {
    const known = closes.policies.map(({ code }) => code)
    for (const { code } of Object.values(closeCodes)) expect(known).toContain(code)
  })

  test.each(closes.reasons)('$text', ({ text, reason }) => {
    expect(encodeCloseReason(reason)).toBe(text)
    expect(parseCloseReason(text)).toEqual(reason)
  })

  test.each(closes.foreignReasons)('%j is not ours', (text) => {
    expect(parseCloseReason(text)).toBeUndefined()
  })
})

describe('positions.json', () => {
  const { valid, invalid } = loadVectors<{ valid: (Position & { text: string })[]; invalid: string[] }>(
    'positions',
  )

  test.each(valid)('$text', ({ text, epoch, offset }) => {
    expect(parsePosition(text)).toEqual({ epoch, offset })
    expect(formatPosition({ epoch, offset })).toBe(text)
  })

  test.each(invalid)('%j is none', (text) => {
    expect(parsePosition(text)).toBeUndefined()
  })
})

describe('payloads.json', () => {
  interface Payload {
    readonly name: string
    readonly json: unknown
    readonly meta?: unknown
    readonly blobs?: readonly string[]
  }
  const { valid, refused } = loadVectors<{
    valid: (Payload & { value: unknown; textJson?: unknown; readOnly?: true })[]
    refused: Payload[]
  }>('payloads')
  const codec = createCodec()
  const receive = ({ json, meta, blobs }: Payload): Received => ({
    json,
    ...(meta === undefined ? {} : { meta }),
    ...(blobs ? { blobs: blobs.map(fromVector) } : {}),
  })

  test.each(valid.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    expect(describeValue(codec.decode(receive(vector)))).toEqual(vector.value)
    const { textJson = vector.json, meta } = vector
    const asText = { json: textJson, ...(meta === undefined ? {} : { meta }) }
    expect(describeValue(codec.decode(asText))).toEqual(vector.value)
    if (vector.readOnly) return
    const value = makeValue(vector.value)
    expect(codec.received(codec.encode(value))).toEqual(receive(vector))
    expect(codec.received(codec.encodeText(value))).toEqual(asText)
  })

  test.each(refused.map((vector) => [vector.name, vector] as const))('%s is refused', (_, vector) => {
    expect(() => codec.decode(receive(vector))).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})

describe('sse.json', () => {
  const { streams, written } = loadVectors<{
    streams: {
      name: string
      chunks?: string[]
      chunksBase64?: string[]
      blocks: ReceivedBlock[]
      retries: number[]
      comments: string[]
      lastEventId: string
    }[]
    written: { name: string; block: SseBlock; text: string }[]
  }>('sse')

  function read(chunks: readonly (string | Uint8Array)[]) {
    const [blocks, retries, comments]: [ReceivedBlock[], number[], string[]] = [[], [], []]
    const parser = createSseParser({
      onBlock: (block) => blocks.push(block),
      onRetry: (ms) => retries.push(ms),
      onComment: (text) => comments.push(text),
    })
    for (const chunk of chunks) expect(parser.feed(chunk)).toBeUndefined()
    return { blocks, retries, comments, lastEventId: parser.lastEventId() }
  }

  test.each(streams.map((stream) => [stream.name, stream] as const))('%s', (_, stream) => {
    const { name: _name, chunks: text, chunksBase64, ...expected } = stream
    const chunks = text ?? (chunksBase64 ?? []).map(fromVector)
    const bytes = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk as string)))
    expect(read(chunks)).toEqual(expected)
    expect(read([new Uint8Array(bytes)])).toEqual(expected)
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected)
  })

  test.each(written)('$name is written so', ({ block, text }) => {
    expect(encodeBlock(block)).toBe(text)
  })
})

describe('fallback.json', () => {
  type Carried = Pick<OnWire, 'text' | 'base64'>
  const frameOf = ({ text, base64 }: Carried): FrameData => text ?? fromVector(base64 ?? '')
  const { down, downUnknown, downRefused, up, upRefused } = loadVectors<{
    down: { name: string; message: { type: string } & Carried; block: string }[]
    downUnknown: string[]
    downRefused: string[]
    up: { name: string; frames: Carried[]; close?: LinkClose; body: string }[]
    upRefused: string[]
  }>('fallback')

  function readBlock(text: string): DownMessage | Fault | undefined {
    let message: DownMessage | Fault | undefined
    createSseParser({
      onBlock(block) {
        message = readDown(block)
      },
    }).feed(text)
    return message
  }

  test.each(down.map((vector) => [vector.name, vector] as const))('down: %s', (_, { message, block }) => {
    const sent = message.type === 'frame' ? { type: 'frame', data: frameOf(message) } : message
    expect(encodeDown(sent as Parameters<typeof encodeDown>[0])).toBe(block)
    expect(readBlock(block)).toEqual(sent)
  })

  test.each(downUnknown)('down: %j is passed over', (block) => {
    expect(readBlock(block)).toEqual({ type: 'unknown' })
  })

  test.each(downRefused)('down: %j breaks the connection', (block) => {
    expect(readBlock(block)).toBeInstanceOf(Fault)
  })

  test.each(up.map((vector) => [vector.name, vector] as const))('up: %s', (_, { frames, close, body }) => {
    const sent = frames.map(frameOf)
    expect(encodeUpBody(sent.map(encodeUp), close)).toBe(body)
    expect(parseUpBody(body)).toEqual({ frames: sent, ...(close ? { close } : {}) })
  })

  test.each(upRefused)('up: %j breaks the connection', (body) => {
    expect(parseUpBody(body)).toBeInstanceOf(Fault)
  })
})
