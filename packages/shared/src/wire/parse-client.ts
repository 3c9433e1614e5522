import type { Received } from '../codec/payload.js'
import type { FrameData } from '../link.js'
import {
  type FrameReader,
  from,
  isCount,
  isId,
  isRecord,
  isText,
  optional,
  params,
  parseFrame,
  payload,
  ping,
  pong,
  position,
} from './elements.js'
import { Fault } from './fault.js'
import type { ClientFrame } from './frames.js'

/** Reads what a client sent. A tag that is not known is a fault. */
export function parseClientFrame(data: FrameData, depth: number): ClientFrame<Received> | Fault {
  const parsed = parseFrame(clientReaders, data, depth)
  return parsed === undefined ? new Fault('PROTOCOL', 'unknown frame') : parsed
}

const clientReaders: ReadonlyMap<string, FrameReader<ClientFrame<Received>>> = new Map<
  string,
  FrameReader<ClientFrame<Received>>
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
      const input = payload(e, 4, blobs)
      return input ? { type: 'call', id, path, withinMs, input } : { type: 'call', id, path, withinMs }
    },
  ],
  [
    'stream',
    (e, blobs) => {
      const [, id, path, after, credit] = e
      if (!isId(id) || !isText(path) || !isCount(after) || !isCount(credit)) return undefined
      return { type: 'stream', id, path, after, credit, ...optional('input', payload(e, 5, blobs)) }
    },
  ],
  [
    'credit',
    ([, id, after, credit]) =>
      isId(id) && isCount(after) && isCount(credit) ? { type: 'credit', id, after, credit } : undefined,
  ],
  ['cancel', ([, id]) => (isId(id) ? { type: 'cancel', id } : undefined)],
  [
    'ack',
    ([, upTo, waiting]) =>
      isCount(upTo) && Array.isArray(waiting) && waiting.every(isId)
        ? { type: 'ack', upTo, waiting }
        : undefined,
  ],
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
