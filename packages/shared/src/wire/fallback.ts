/**
 * Frames over HTTP, for a client whose WebSocket never opens: one event stream brings them down, POSTs take them up.
 * A block or an element of a POST is one frame: its text, or in base64 where it is binary (a text begins with `[`, and
 * no base64 does).
 */
import { fromBase64, toBase64 } from '../codec/base64.js'
import type { FrameData } from '../link.js'
import { isDeeperThan } from './depth.js'
import { Fault } from './fault.js'
import { encodeBlock, type ReceivedBlock } from './sse.js'

/** Names the link that a POST belongs to. */
export const linkHeader = 'parley-link'
/** The number of a POST of its link: 1 for the first. */
export const seqHeader = 'parley-seq'

/** Most frames of one POST: a server that looks at them does nothing else meanwhile. */
export const postFrames = 1_000

/** How a link ends, from either side: as a WebSocket does. */
export interface LinkClose {
  readonly code: number
  readonly reason: string
}

/** What a block of the event stream says. */
export type DownMessage =
  /** The first one. `link` names it in the header of each POST, whose body has at most `bodyBytes`. */
  | { readonly type: 'link'; readonly link: string; readonly bodyBytes: number }
  | { readonly type: 'frame'; readonly data: FrameData }
  | ({ readonly type: 'close' } & LinkClose)
  /** Of a later version: to be passed over. */
  | { readonly type: 'unknown' }

export function encodeDown(message: Exclude<DownMessage, { type: 'unknown' }>): string {
  switch (message.type) {
    case 'link': {
      const { link, bodyBytes } = message
      return encodeBlock({ event: 'parley.link', data: JSON.stringify({ link, bodyBytes }) })
    }
    case 'frame':
      return typeof message.data === 'string'
        ? encodeBlock({ data: message.data })
        : encodeBlock({ event: 'parley.bytes', data: toBase64(message.data) })
    case 'close': {
      const { code, reason } = message
      return encodeBlock({ event: 'parley.close', data: JSON.stringify({ code, reason }) })
    }
  }
}

export function readDown({ event, data }: ReceivedBlock): DownMessage | Fault {
  const broken = (): Fault =>
    new Fault('PROTOCOL', `a block ${event} that cannot be read: ${data.slice(0, 80)}`)
  switch (event) {
    case 'message':
      return { type: 'frame', data }
    case 'parley.bytes': {
      const bytes = fromBase64(data)
      return bytes ? { type: 'frame', data: bytes } : broken()
    }
    case 'parley.link': {
      const { link, bodyBytes } = fieldsOf(jsonOf(data))
      if (typeof link !== 'string' || typeof bodyBytes !== 'number' || !(bodyBytes > 0)) return broken()
      return { type: 'link', link, bodyBytes }
    }
    case 'parley.close': {
      const close = readClose(jsonOf(data))
      return close ? { type: 'close', ...close } : broken()
    }
  }
  return { type: 'unknown' }
}

/** One frame as an element of a POST's body. */
export function encodeUp(data: FrameData): string {
  return JSON.stringify(typeof data === 'string' ? data : toBase64(data))
}

/** The body of a POST. Nothing comes after `close`. */
export function encodeUpBody(elements: readonly string[], close?: LinkClose): string {
  const last = close ? [JSON.stringify({ code: close.code, reason: close.reason })] : []
  return `[${[...elements, ...last].join(',')}]`
}

export interface UpBody {
  readonly frames: readonly FrameData[]
  readonly close?: LinkClose
}

/** Frames are looked at one by one, later: here it is the body alone that may be broken. */
export function parseUpBody(text: string): UpBody | Fault {
  // an array of strings, and perhaps an object at its end
  const elements = isDeeperThan(text, 2) ? undefined : jsonOf(text)
  if (!Array.isArray(elements)) return new Fault('PROTOCOL', 'a POST of a link that is no array of frames')
  if (elements.length > postFrames + 1)
    return new Fault('TOO_LARGE', `a POST of a link with over ${postFrames} frames`)
  const frames: FrameData[] = []
  for (const [at, element] of elements.entries()) {
    if (typeof element !== 'string') {
      const close = at === elements.length - 1 ? readClose(element) : undefined
      return close ? { frames, close } : new Fault('PROTOCOL', `a POST of a link: element ${at} is no frame`)
    }
    const frame = element.startsWith('[') ? element : fromBase64(element)
    if (frame === undefined) return new Fault('PROTOCOL', `a POST of a link: element ${at} is no frame`)
    frames.push(frame)
  }
  return { frames }
}

/** A code as a WebSocket may be closed with (RFC 6455, 7.4): 1000, or one of an application. */
function readClose(value: unknown): LinkClose | undefined {
  const { code, reason } = fieldsOf(value)
  if (typeof code !== 'number' || !Number.isInteger(code) || typeof reason !== 'string') return undefined
  return code === 1000 || (code >= 3000 && code <= 4999) ? { code, reason } : undefined
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // whoever asked says what is wrong with it
  }
}
