/**
 * Reads frames defensively: what is malformed becomes a `Fault` with its close code, never an exception. A tag
 * that a client does not know is skipped (`undefined`), so that a server may learn new ones; a server refuses it.
 */
import type { Received } from '../codec/payload.js'
import type { FrameData } from '../link.js'
import { splitBlobs } from './binary.js'
import { isDeeperThan } from './depth.js'
import { Fault } from './fault.js'
import type { ClientFrame, From, GapReason, ServerFrame, WireParams } from './frames.js'
import { gapReasons } from './frames.js'
import { type Position, parsePosition } from './position.js'

type Elements = readonly unknown[]
type Blobs = readonly Uint8Array[] | undefined
type Reader<F> = (elements: Elements, blobs: Blobs) => F | undefined

export function parseClientFrame(data: FrameData, depth: number): ClientFrame<Received> | Fault {
  const parsed = parseWith(clientReaders, data, depth)
  return parsed === undefined ? new Fault('PROTOCOL', 'unknown frame') : parsed
}

export function parseServerFrame(data: FrameData, depth: number): ServerFrame<Received> | Fault | undefined {
  return parseWith(serverReaders, data, depth)
}

function parseWith<F>(
  readers: ReadonlyMap<string, Reader<F>>,
  data: FrameData,
  depth: number,
): F | Fault | undefined {
  const split = typeof data === 'string' ? { text: data, blobs: undefined } : splitBlobs(data)
  if (split instanceof Fault) return split
  if (isDeeperThan(split.text, depth)) return new Fault('TOO_LARGE', `nested deeper than ${depth}`)
  let elements: unknown
  try {
    elements = JSON.parse(split.text)
  } catch {
    return new Fault('PROTOCOL', 'not JSON')
  }
  if (!Array.isArray(elements) || typeof elements[0] !== 'string') return new Fault('PROTOCOL', 'not a frame')
  const read = readers.get(elements[0])
  if (!read) return undefined
  return read(elements, split.blobs) ?? new Fault('PROTOCOL', `malformed frame: ${elements[0].slice(0, 20)}`)
}

// --- elements -----------------------------------------------------------------------------------------------

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isId = (value: unknown): value is number => isCount(value) && value > 0
const isNumber = (value: unknown): value is number => Number.isFinite(value) // JSON has 1e999
const isText = (value: unknown): value is string => typeof value === 'string'
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The payload that stands at `at` and, if it has one, its meta behind it. */
function payload(elements: Elements, at: number, blobs: Blobs): Received | undefined {
  if (elements.length <= at) return undefined
  const meta = elements[at + 1]
  return {
    json: elements[at],
    ...(meta === undefined || meta === 0 || meta === null ? {} : { meta }),
    ...(blobs ? { blobs } : {}),
  }
}

/** Params, or `null` for none; `undefined` when malformed. */
function params(value: unknown): WireParams | null | undefined {
  if (value === null) return null
  if (!isRecord(value)) return undefined
  for (const one of Object.values(value)) {
    if (!isText(one) && typeof one !== 'boolean' && !isNumber(one)) return undefined
  }
  return value as WireParams
}

function position(value: unknown): Position | undefined {
  return isText(value) ? parsePosition(value) : undefined
}

function from(value: unknown): From | undefined {
  if (value === null || value === undefined) return 'now'
  if (value === 'first') return 'first'
  if (isRecord(value)) return isCount(value.last) ? { last: value.last } : undefined
  return position(value)
}

function reason(value: unknown): GapReason | undefined {
  return gapReasons.find((known) => known === value)
}

// --- client -> server ---------------------------------------------------------------------------------------

const ping = (): { type: 'ping' } => ({ type: 'ping' })
const pong = (): { type: 'pong' } => ({ type: 'pong' })

const clientReaders: ReadonlyMap<string, Reader<ClientFrame<Received>>> = new Map<
  string,
  Reader<ClientFrame<Received>>
>([
  [
    'hello',
    ([, head, ...rest], blobs) => {
      if (!isRecord(head) || !isId(head.v) || !isText(head.contract) || !isText(head.client)) return undefined
      if (head.session !== undefined && !isText(head.session)) return undefined
      const { v: version, contract, client, session } = head
      return {
        type: 'hello',
        version,
        contract,
        client,
        ...(session === undefined ? {} : { session }),
        ...optional('auth', payload(rest, 0, blobs)),
      }
    },
  ],
  [
    'auth',
    (e, blobs) =>
      isId(e[1]) ? { type: 'auth', id: e[1], ...optional('auth', payload(e, 2, blobs)) } : undefined,
  ],
  [
    'sub',
    ([, id, path, rawParams, rawFrom]) => {
      const p = params(rawParams ?? null)
      const f = from(rawFrom)
      if (!isId(id) || !isText(path) || p === undefined || f === undefined) return undefined
      return { type: 'sub', id, path, params: p ?? undefined, from: f }
    },
  ],
  ['unsub', ([, id]) => (isId(id) ? { type: 'unsub', id } : undefined)],
  [
    'read',
    ([, id, subscription, rawFrom, rawUntil]) => {
      const f = from(rawFrom)
      const until = position(rawUntil)
      return isId(id) && isId(subscription) && f && until
        ? { type: 'read', id, subscription, from: f, until }
        : undefined
    },
  ],
  [
    'send',
    (e, blobs) => {
      const [, id, path, rawParams, name, withinMs] = e
      const p = params(rawParams)
      if (!isId(id) || !isText(path) || p === undefined || !isText(name) || !isCount(withinMs))
        return undefined
      return {
        type: 'send',
        id,
        path,
        params: p ?? undefined,
        name,
        withinMs,
        ...optional('input', payload(e, 6, blobs)),
      }
    },
  ],
  [
    'cast',
    (e, blobs) => {
      const [, path, rawParams, name] = e
      const p = params(rawParams)
      if (!isText(path) || p === undefined || !isText(name)) return undefined
      return { type: 'cast', path, params: p ?? undefined, name, ...optional('input', payload(e, 4, blobs)) }
    },
  ],
  [
    'call',
    (e, blobs) => {
      const [, id, path, withinMs] = e
      if (!isId(id) || !isText(path) || !isCount(withinMs)) return undefined
      return { type: 'call', id, path, withinMs, ...optional('input', payload(e, 4, blobs)) }
    },
  ],
  [
    'stream',
    (e, blobs) => {
      const [, id, path, credit] = e
      if (!isId(id) || !isText(path) || !isCount(credit)) return undefined
      return { type: 'stream', id, path, credit, ...optional('input', payload(e, 4, blobs)) }
    },
  ],
  ['credit', ([, id, credit]) => (isId(id) && isId(credit) ? { type: 'credit', id, credit } : undefined)],
  ['cancel', ([, id]) => (isId(id) ? { type: 'cancel', id } : undefined)],
  [
    'presence',
    (e, blobs) =>
      isId(e[1])
        ? { type: 'presence', subscription: e[1], ...optional('wanted', payload(e, 2, blobs)) }
        : undefined,
  ],
  ['ping', ping],
  ['pong', pong],
])

// --- server -> client ---------------------------------------------------------------------------------------

const serverReaders: ReadonlyMap<string, Reader<ServerFrame<Received>>> = new Map<
  string,
  Reader<ServerFrame<Received>>
>([
  [
    'welcome',
    ([, head]) => {
      if (!isRecord(head)) return undefined
      const {
        v: version,
        contract,
        session,
        resumed,
        epoch,
        frameBytes,
        heartbeatMs,
        heartbeatGraceMs,
      } = head
      if (!isId(version) || !isText(contract) || !isText(session) || typeof resumed !== 'boolean')
        return undefined
      if (!isText(epoch) || !isId(frameBytes) || !isId(heartbeatMs) || !isId(heartbeatGraceMs))
        return undefined
      return {
        type: 'welcome',
        version,
        contract,
        session,
        resumed,
        epoch,
        frameBytes,
        heartbeatMs,
        heartbeatGraceMs,
      }
    },
  ],
  ['epoch', ([, epoch]) => (isText(epoch) ? { type: 'epoch', epoch } : undefined)],
  ['expires', ([, inMs]) => (isCount(inMs) ? { type: 'expires', inMs } : undefined)],
  [
    'joined',
    ([, id, topic, offset]) =>
      isId(id) && isId(topic) && isCount(offset) ? { type: 'joined', id, topic, offset } : undefined,
  ],
  [
    'refused',
    ([, id, code, message]) =>
      isId(id) && isText(code) && isText(message) ? { type: 'refused', id, code, message } : undefined,
  ],
  [
    'e',
    (e, blobs) => {
      const [, topic, offset, name] = e
      const data = payload(e, 4, blobs)
      if (!isId(topic) || !isCount(offset) || !isText(name) || !data) return undefined
      return { type: 'e', topic, offset, name, data, ...optional('at', at(e[6])) }
    },
  ],
  [
    'v',
    (e, blobs) => {
      const data = payload(e, 3, blobs)
      return isId(e[1]) && isText(e[2]) && data ? { type: 'v', topic: e[1], name: e[2], data } : undefined
    },
  ],
  ['p', ([, topic, offset]) => (isId(topic) && isCount(offset) ? { type: 'p', topic, offset } : undefined)],
  [
    'live',
    ([, topic, offset]) => (isId(topic) && isCount(offset) ? { type: 'live', topic, offset } : undefined),
  ],
  [
    'gap',
    ([, topic, ...rest]) => {
      const hole = gap(rest)
      return isId(topic) && hole ? { type: 'gap', topic, ...hole } : undefined
    },
  ],
  [
    'h',
    (e, blobs) => {
      const [, read, offset, name] = e
      const data = payload(e, 4, blobs)
      if (!isId(read) || !isCount(offset) || !isText(name) || !data) return undefined
      return { type: 'h', read, offset, name, data, ...optional('at', at(e[6])) }
    },
  ],
  [
    'hgap',
    ([, read, ...rest]) => {
      const hole = gap(rest)
      return isId(read) && hole ? { type: 'hgap', read, ...hole } : undefined
    },
  ],
  ['hend', ([, read]) => (isId(read) ? { type: 'hend', read } : undefined)],
  [
    'ok',
    (e, blobs) =>
      isId(e[1]) ? { type: 'ok', id: e[1], ...optional('output', payload(e, 2, blobs)) } : undefined,
  ],
  [
    'err',
    (e, blobs) => {
      const head = e[2]
      if (!isId(e[1]) || !isRecord(head) || !isText(head.code) || !isText(head.message)) return undefined
      return {
        type: 'err',
        id: e[1],
        code: head.code,
        message: head.message,
        ...optional('issues', parseIssues(head.issues)),
        ...optional('report', isText(head.id) ? head.id : undefined),
        ...optional('data', payload(e, 3, blobs)),
      }
    },
  ],
  [
    'y',
    (e, blobs) => {
      const value = payload(e, 3, blobs)
      return isId(e[1]) && isId(e[2]) && value ? { type: 'y', id: e[1], seq: e[2], value } : undefined
    },
  ],
  [
    'members',
    (e, blobs) => {
      const [, topic, rawChange, more, entries] = e
      const change = (['all', 'joined', 'updated', 'left'] as const).find((known) => known === rawChange)
      if (!isId(topic) || !change || !Array.isArray(entries) || !entries.every(isEntry)) return undefined
      return {
        type: 'members',
        topic,
        change,
        more: more === 1,
        entries,
        ...optional('states', payload(e, 5, blobs)),
      }
    },
  ],
  ['ping', ping],
  ['pong', pong],
])

const isEntry = (value: unknown): value is [string, string, number] =>
  Array.isArray(value) && isText(value[0]) && isText(value[1]) && isNumber(value[2])

const at = (value: unknown): number | undefined => (isNumber(value) ? value : undefined)

function gap(elements: Elements): { after: Position; first: Position; reason: GapReason } | undefined {
  const [after, first, why] = [position(elements[0]), position(elements[1]), reason(elements[2])]
  return after && first && why ? { after, first, reason: why } : undefined
}

/** The issues of an error; what is malformed is left out rather than trusted. */
export function parseIssues(value: unknown): { path: (string | number)[]; message: string }[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value
    .filter(
      (issue): issue is { path: unknown[]; message: string } =>
        isRecord(issue) && Array.isArray(issue.path) && isText(issue.message),
    )
    .map(({ path, message }) => ({
      path: path.filter((key): key is string | number => isText(key) || isNumber(key)),
      message,
    }))
}

/** An optional property: present only when it has a value. */
function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V })
}
