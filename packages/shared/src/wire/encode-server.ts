/** Writes the frames that a server sends. */
import type { Encoded } from '../codec/payload.js'
import type { FrameData } from '../link.js'
import type { ServerFrame } from './frames.js'
import { formatPosition } from './position.js'
import { end, frameOf, tail, text } from './text.js'

export function encodeServerFrame(frame: ServerFrame<Encoded>): FrameData {
  return frameOf(writeFrame(frame), payloadOf(frame))
}

/** Everything of an event's frame that comes after the topic number, so that a node writes it once for all topics. */
export function eventTail(offset: number, name: string, data: Encoded, at: number | undefined): string {
  return `,${offset},${JSON.stringify(name)},${data.json}${tail(data, at)}]`
}

function writeFrame(frame: ServerFrame<Encoded>): string {
  switch (frame.type) {
    case 'e':
      return `["e",${frame.topic}${eventTail(frame.offset, frame.name, frame.data, frame.at)}`
    case 'v':
      return `["v",${frame.topic},${text(frame.name)}${end(frame.data)}`
    case 'ok':
      return `["ok",${frame.id}${end(frame.output)}`
    case 'p':
    case 'live':
      return `["${frame.type}",${frame.topic},${frame.offset}]`
    case 'h':
      return `["h",${frame.read}${eventTail(frame.offset, frame.name, frame.data, frame.at)}`
    case 'hend':
      return frame.offset === undefined ? `["hend",${frame.read}]` : `["hend",${frame.read},${frame.offset}]`
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
    case 'welcome': {
      const { type: _type, version: v, ...rest } = frame
      return `["welcome",${text({ v, ...rest })}]`
    }
    case 'epoch':
      return `["epoch",${text(frame.epoch)}]`
    case 'expires':
    case 'move':
      return `["${frame.type}",${frame.inMs}]`
    case 'y':
      return `["y",${frame.id},${frame.seq}${end(frame.value)}`
    case 'members':
      return `["members",${frame.topic},"${frame.change}",${frame.more ? 1 : 0},${text(frame.entries)}${end(frame.states)}`
  }
}

function payloadOf(frame: ServerFrame<Encoded>): Encoded | undefined {
  switch (frame.type) {
    case 'e':
    case 'v':
    case 'h':
    case 'err':
      return frame.data
    case 'ok':
      return frame.output
    case 'y':
      return frame.value
    case 'members':
      return frame.states
    default:
      return undefined
  }
}
