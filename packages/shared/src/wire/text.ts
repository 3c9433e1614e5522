/**
 * How frames are written: a JSON array whose first element is the frame's tag; binary when a payload holds bytes
 * (see binary.ts). Elements at the end may be left out; elements beyond those known are ignored.
 */
import type { Encoded } from '../codec/payload.js'
import type { FrameData } from '../link.js'
import { joinBlobs } from './binary.js'
import type { ClientFrame, From, ServerFrame } from './frames.js'
import { formatPosition } from './position.js'

/** Writes a frame. */
export function encodeFrame(frame: ClientFrame<Encoded> | ServerFrame<Encoded>): FrameData {
  const payload = payloadOf(frame)
  const text = writeFrame(frame)
  return payload?.blobs ? joinBlobs(text, payload.blobs) : text
}

/** Everything of an event's frame that comes after the topic number, so that a node writes it once for all topics. */
export function eventTail(offset: number, name: string, data: Encoded, at: number | undefined): string {
  return `,${offset},${JSON.stringify(name)},${data.json}${tail(data, at)}]`
}

function tail(data: Encoded, at: number | undefined): string {
  if (at !== undefined) return `,${data.meta ?? 0},${at}`
  return data.meta === undefined ? '' : `,${data.meta}`
}

/** An optional payload at the end of a frame. */
function end(payload: Encoded | undefined): string {
  return payload ? `,${payload.json}${tail(payload, undefined)}]` : ']'
}

function writeFrom(from: From): string {
  if (from === 'now') return 'null'
  if (from === 'first') return '"first"'
  return 'last' in from ? `{"last":${from.last}}` : JSON.stringify(formatPosition(from))
}

const text = (value: unknown): string => JSON.stringify(value) ?? 'null'

function writeFrame(frame: ClientFrame<Encoded> | ServerFrame<Encoded>): string {
  switch (frame.type) {
    case 'e':
      return `["e",${frame.topic}${eventTail(frame.offset, frame.name, frame.data, frame.at)}`
    case 'v':
      return `["v",${frame.topic},${text(frame.name)}${end(frame.data)}`
    case 'ok':
      return `["ok",${frame.id}${end(frame.output)}`
    case 'call':
      return `["call",${frame.id},${text(frame.path)},${frame.withinMs}${end(frame.input)}`
    case 'send':
      return `["send",${frame.id},${text(frame.path)},${text(frame.params)},${text(frame.name)},${frame.withinMs}${end(frame.input)}`
    case 'cast':
      return `["cast",${text(frame.path)},${text(frame.params)},${text(frame.name)}${end(frame.input)}`
    case 'p':
    case 'live':
      return `["${frame.type}",${frame.topic},${frame.offset}]`
    case 'h':
      return `["h",${frame.read}${eventTail(frame.offset, frame.name, frame.data, frame.at)}`
    case 'hend':
      return `["hend",${frame.read}]`
    case 'gap':
      return `["gap",${frame.topic},"${formatPosition(frame.after)}","${formatPosition(frame.first)}","${frame.reason}"]`
    case 'hgap':
      return `["hgap",${frame.read},"${formatPosition(frame.after)}","${formatPosition(frame.first)}","${frame.reason}"]`
    case 'joined':
      return `["joined",${frame.id},${frame.topic},${frame.offset}]`
    case 'refused':
      return `["refused",${frame.id},${text(frame.code)},${text(frame.message)}]`
    case 'err': {
      const { type: _type, id, data, report, ...rest } = frame
      return `["err",${id},${text(report === undefined ? rest : { ...rest, id: report })}${end(data)}`
    }
    case 'ping':
    case 'pong':
      return `["${frame.type}"]`
    case 'hello': {
      const { version: v, contract, client, session } = frame
      return `["hello",${text({ v, contract, client, session })}${end(frame.auth)}`
    }
    case 'welcome': {
      const { type: _type, version: v, ...rest } = frame
      return `["welcome",${text({ v, ...rest })}]`
    }
    case 'auth':
      return `["auth",${frame.id}${end(frame.auth)}`
    case 'sub':
      return `["sub",${frame.id},${text(frame.path)},${text(frame.params)},${writeFrom(frame.from)}]`
    case 'unsub':
    case 'cancel':
      return `["${frame.type}",${frame.id}]`
    case 'read':
      return `["read",${frame.id},${frame.subscription},${writeFrom(frame.from)},"${formatPosition(frame.until)}"]`
    case 'stream':
      return `["stream",${frame.id},${text(frame.path)},${frame.credit}${end(frame.input)}`
    case 'credit':
      return `["credit",${frame.id},${frame.credit}]`
    case 'presence':
      return `["presence",${frame.subscription}${end(frame.wanted)}`
    case 'epoch':
      return `["epoch",${text(frame.epoch)}]`
    case 'expires':
      return `["expires",${frame.inMs}]`
    case 'y':
      return `["y",${frame.id},${frame.seq}${end(frame.value)}`
    case 'members':
      return `["members",${frame.topic},"${frame.change}",${frame.more ? 1 : 0},${text(frame.entries)}${end(frame.states)}`
  }
}

/** The one payload of a frame, if it has any. */
function payloadOf(frame: ClientFrame<Encoded> | ServerFrame<Encoded>): Encoded | undefined {
  switch (frame.type) {
    case 'e':
    case 'v':
    case 'h':
    case 'err':
      return frame.data
    case 'ok':
      return frame.output
    case 'call':
    case 'send':
    case 'cast':
    case 'stream':
      return frame.input
    case 'hello':
    case 'auth':
      return frame.auth
    case 'presence':
      return frame.wanted
    case 'y':
      return frame.value
    case 'members':
      return frame.states
    default:
      return undefined
  }
}
