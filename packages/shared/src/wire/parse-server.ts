import type { Received } from '../codec/payload.js'
import type { FrameData } from '../link.js'
import {
  type Elements,
  type FrameReader,
  isCount,
  isId,
  isNumber,
  isRecord,
  isText,
  optional,
  parseFrame,
  payload,
  ping,
  pong,
  position,
} from './elements.js'
import type { Fault } from './fault.js'
import { type GapReason, gapReasons, type ServerFrame } from './frames.js'
import type { Position } from './position.js'

/** Reads what a server sent. A tag that is not known is skipped (`undefined`), so that a server may learn new ones. */
export function parseServerFrame(data: FrameData, depth: number): ServerFrame<Received> | Fault | undefined {
  return parseFrame(serverReaders, data, depth)
}

const serverReaders: ReadonlyMap<string, FrameReader<ServerFrame<Received>>> = new Map<
  string,
  FrameReader<ServerFrame<Received>>
>([
  [
    'welcome',
    ([, head]) => {
      if (!isRecord(head)) return undefined
      const {
        v: version,
        contract,
        fits,
        session,
        resumed,
        refused,
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
        ...(fits === 'compatible' ? ({ fits } as const) : {}),
        session,
        resumed,
        ...optional('refused', isText(refused) ? refused : undefined),
        epoch,
        frameBytes,
        heartbeatMs,
        heartbeatGraceMs,
      }
    },
  ],
  ['epoch', ([, epoch]) => (isText(epoch) ? { type: 'epoch', epoch } : undefined)],
  ['expires', ([, inMs]) => (isCount(inMs) ? { type: 'expires', inMs } : undefined)],
  ['move', ([, inMs]) => (isCount(inMs) ? { type: 'move', inMs } : undefined)],
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
  [
    'hend',
    ([, read, offset]) =>
      isId(read)
        ? { type: 'hend', read, ...optional('offset', isCount(offset) ? offset : undefined) }
        : undefined,
  ],
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

function reason(value: unknown): GapReason | undefined {
  return gapReasons.find((known) => known === value)
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
