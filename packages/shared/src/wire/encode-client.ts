/** Writes the frames that a client sends. */
import type { Encoded } from '../codec/payload.js'
import type { FrameData } from '../link.js'
import type { ClientFrame, From } from './frames.js'
import { formatPosition } from './position.js'
import { end, frameOf, text } from './text.js'

export function encodeClientFrame(frame: ClientFrame<Encoded>): FrameData {
  return frameOf(writeFrame(frame), payloadOf(frame))
}

function writeFrom(from: From): string {
  if (from === 'now') return 'null'
  if (from === 'first') return '"first"'
  return 'last' in from ? `{"last":${from.last}}` : JSON.stringify(formatPosition(from))
}

function writeFrame(frame: ClientFrame<Encoded>): string {
  switch (frame.type) {
    case 'hello': {
      const { version: v, contract, client, session } = frame
      return `["hello",${text({ v, contract, client, session })}${end(frame.auth)}`
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
    case 'send':
      return `["send",${frame.id},${text(frame.path)},${text(frame.params)},${text(frame.name)},${frame.withinMs}${end(frame.input)}`
    case 'cast':
      return `["cast",${text(frame.path)},${text(frame.params)},${text(frame.name)}${end(frame.input)}`
    case 'call':
      return `["call",${frame.id},${text(frame.path)},${frame.withinMs}${end(frame.input)}`
    case 'stream':
      return `["stream",${frame.id},${text(frame.path)},${frame.after},${frame.credit}${end(frame.input)}`
    case 'credit':
      return `["credit",${frame.id},${frame.after},${frame.credit}]`
    case 'ack':
      return `["ack",${frame.upTo},${text(frame.waiting)}]`
    case 'presence':
      return `["presence",${frame.subscription}${end(frame.wanted)}`
    case 'ping':
    case 'pong':
      return `["${frame.type}"]`
  }
}

function payloadOf(frame: ClientFrame<Encoded>): Encoded | undefined {
  switch (frame.type) {
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
    default:
      return undefined
  }
}
