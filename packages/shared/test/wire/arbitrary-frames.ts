import fc from 'fast-check'
import type { Encoded, Received } from '../../src/codec/payload.js'
import { type ClientFrame, gapReasons, type ServerFrame } from '../../src/wire/frames.js'

/** What JSON can carry: no -0, and keys that survive being assigned. */
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown)

const payload: fc.Arbitrary<Encoded> = fc.record(
  {
    json: json.map((value) => JSON.stringify(value)),
    meta: fc.dictionary(fc.string(), json, { maxKeys: 2 }).map((value) => JSON.stringify(value)),
    blobs: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 3 }),
  },
  { requiredKeys: ['json'] },
)

/** What the other side receives of a payload. */
function received(encoded: Encoded): Received {
  return {
    json: JSON.parse(encoded.json),
    ...(encoded.meta === undefined ? {} : { meta: JSON.parse(encoded.meta) }),
    ...(encoded.blobs ? { blobs: encoded.blobs } : {}),
  }
}

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '"\\\n', 'room'))
const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const finite = fc.double({ noDefaultInfinity: true, noNaN: true }).map((n) => n + 0)
const position = fc.record({
  epoch: fc.stringMatching(/^[0-9A-Za-z]{1,32}$/),
  offset: count,
})
const from = fc.oneof(
  fc.constantFrom('now' as const, 'first' as const),
  position,
  count.map((last) => ({ last })),
)
const params = fc.option(
  fc.dictionary(
    fc.string().filter((name) => name !== '__proto__'),
    fc.oneof(text, finite, fc.boolean()),
    { noNullPrototype: true },
  ),
  { nil: undefined },
)
const gap = { after: position, first: position, reason: fc.constantFrom(...gapReasons) }
const issue = fc.record({ path: fc.array(fc.oneof(text, fc.nat())), message: text })

/** One type of frame: the fields that it must have, and those that it may have. */
function frame<T>(type: string, required: object, optional: object = {}): fc.Arbitrary<T> {
  return fc.record(
    { type: fc.constant(type), ...required, ...optional } as Record<string, fc.Arbitrary<unknown>>,
    { requiredKeys: ['type', ...Object.keys(required)], noNullPrototype: true },
  ) as fc.Arbitrary<T>
}

type Frames<F extends { readonly type: string }> = { readonly [T in F['type']]: fc.Arbitrary<F> }

/** Every type of frame that a client sends: a type that is missing here does not compile. */
export const clientFrames: Frames<ClientFrame<Encoded>> = {
  hello: frame('hello', { version: id, contract: text, client: text }, { session: text, auth: payload }),
  auth: frame('auth', { id }, { auth: payload }),
  sub: frame('sub', { id, path: text, params, from }),
  unsub: frame('unsub', { id }),
  read: frame('read', { id, subscription: id, from, until: position }),
  send: frame('send', { id, path: text, params, name: text, withinMs: count }, { input: payload }),
  cast: frame('cast', { path: text, params, name: text }, { input: payload }),
  call: frame('call', { id, path: text, withinMs: count }, { input: payload }),
  stream: frame('stream', { id, path: text, after: count, credit: count }, { input: payload }),
  credit: frame('credit', { id, after: count, credit: count }),
  cancel: frame('cancel', { id }),
  ack: frame('ack', { upTo: count, waiting: fc.array(id) }),
  presence: frame('presence', { subscription: id }, { wanted: payload }),
  ping: frame('ping', {}),
  pong: frame('pong', {}),
}

/** Every type of frame that a server sends. */
export const serverFrames: Frames<ServerFrame<Encoded>> = {
  welcome: frame(
    'welcome',
    {
      version: id,
      contract: text,
      session: text,
      resumed: fc.boolean(),
      epoch: text,
      frameBytes: id,
      heartbeatMs: id,
      heartbeatGraceMs: id,
    },
    { refused: text, fits: fc.constant('compatible') },
  ),
  epoch: frame('epoch', { epoch: text }),
  expires: frame('expires', { inMs: count }),
  move: frame('move', { inMs: count }),
  joined: frame('joined', { id, topic: id, offset: count }),
  refused: frame('refused', { id, code: text, message: text }),
  e: frame('e', { topic: id, offset: count, name: text, data: payload }, { at: finite }),
  v: frame('v', { topic: id, name: text, data: payload }),
  p: frame('p', { topic: id, offset: count }),
  live: frame('live', { topic: id, offset: count }),
  gap: frame('gap', { topic: id, ...gap }),
  h: frame('h', { read: id, offset: count, name: text, data: payload }, { at: finite }),
  hgap: frame('hgap', { read: id, ...gap }),
  hend: frame('hend', { read: id }, { offset: count }),
  ok: frame('ok', { id }, { output: payload }),
  err: frame(
    'err',
    { id, code: text, message: text },
    { issues: fc.array(issue), report: text, data: payload },
  ),
  y: frame('y', { id, seq: id, value: payload }),
  members: frame(
    'members',
    {
      topic: id,
      change: fc.constantFrom('all', 'joined', 'updated', 'left'),
      more: fc.boolean(),
      entries: fc.array(fc.tuple(text, text, finite)),
    },
    { states: payload },
  ),
  ping: frame('ping', {}),
  pong: frame('pong', {}),
}

const payloadFields = new Set(['auth', 'input', 'wanted', 'data', 'output', 'value', 'states'])

/** A frame as the other side sees it. */
export function asReceived<F extends object>(sent: F): unknown {
  return Object.fromEntries(
    Object.entries(sent).map(([key, value]) => [
      key,
      payloadFields.has(key) ? received(value as Encoded) : value,
    ]),
  )
}

/** The frame that a received one could have been sent as. */
export function asSent<F extends object>(read: F): unknown {
  return Object.fromEntries(
    Object.entries(read).map(([key, value]) => [
      key,
      payloadFields.has(key) ? encoded(value as Received) : value,
    ]),
  )
}

function encoded({ json, meta, blobs }: Received): Encoded {
  return {
    json: JSON.stringify(json),
    ...(meta === undefined ? {} : { meta: JSON.stringify(meta) }),
    ...(blobs ? { blobs } : {}),
  }
}
