/**
 * The text of an event stream (WHATWG HTML, 9.2.5 and 9.2.6), both ways. Beside the standard fields a block may
 * hold `meta` (of the payload in `data`) and `at` (when the log took the event), which an EventSource ignores.
 */
import { ParleyError } from '../errors.js'
import { Fault } from './fault.js'

/** One block, to be written. */
export interface SseBlock {
  /** The event's name; left out: `message`. */
  readonly event?: string
  /** The position. */
  readonly id?: string
  readonly data: string
  readonly meta?: string
  /** In ms since 1970. */
  readonly at?: number
}

/**
 * Writes one block. Any text is right as data: each of its lines becomes a field, so CR and CRLF arrive as LF.
 *
 * @throws ParleyError `BAD_REQUEST` for an event name, id or meta with a line break or NUL.
 */
export function encodeBlock({ event, id, data, meta, at }: SseBlock): string {
  return `${line('event', event)}${lines('data', data)}${line('meta', meta)}${line('id', id)}${line('at', at)}\n`
}

/** Writes a comment: a heartbeat, which no EventSource shows. */
export function encodeComment(text = ''): string {
  return `${lines('', text)}\n`
}

/** Writes how long an EventSource waits before its next attempt: whole ms. */
export function encodeRetry(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0)
    throw new ParleyError('BAD_REQUEST', `retry is no whole number of ms: ${ms}`)
  return `retry:${ms}\n\n`
}

function line(field: string, value: string | number | undefined): string {
  if (value === undefined) return ''
  const text = String(value)
  if (/[\r\n\0]/.test(text))
    throw new ParleyError(
      'BAD_REQUEST',
      `an SSE ${field} with a line break or NUL: ${JSON.stringify(text.slice(0, 80))}`,
    )
  return `${field}:${pad(text)}\n`
}

function lines(field: string, text: string): string {
  if (!/[\r\n]/.test(text)) return `${field}:${pad(text)}\n`
  return text
    .split(/\r\n?|\n/)
    .map((one) => `${field}:${pad(one)}\n`)
    .join('')
}

/** A reader takes away one space after the colon, so a value's own needs one before it. */
const pad = (text: string): string => (text.startsWith(' ') ? ` ${text}` : text)

/** One block, as received. */
export interface ReceivedBlock {
  /** `message` where the block names none. */
  readonly event: string
  readonly data: string
  /** The block's own `id`, if it had one: an event without a position has none. */
  readonly id: string | undefined
  /** The last event id so far, as the standard keeps it; empty before the first and after an empty `id:`. */
  readonly lastEventId: string
  readonly meta?: string
  readonly at?: string
}

/** What a parser tells. */
export interface SseHandlers {
  readonly onBlock: (block: ReceivedBlock) => void
  /** The stream asks to wait so many ms before the next attempt. */
  readonly onRetry?: (ms: number) => void
  /** Any comment, a heartbeat included. */
  readonly onComment?: (text: string) => void
}

export interface SseParser {
  /**
   * Takes the next piece, split anywhere: text, or bytes of UTF-8. Handlers run before it returns. A fault is the
   * end: what comes after it is ignored, and answered by the same fault.
   */
  feed(chunk: string | Uint8Array): Fault | undefined
  /** What a reconnecting reader sends as `Last-Event-ID`: that of the last block that was complete. */
  lastEventId(): string
}

/** Most characters of one block, or of one line; beyond them a peer is only filling our memory. */
const blockChars = 16 * 1_024 * 1_024

/** A timer takes no more (2^31-1): asked to wait longer, it fires at once. */
const longestTimerMs = 2_147_483_647

/** Makes a parser for one response. An incomplete block at the end of a stream is never told, as the standard says. */
export function createSseParser(
  { onBlock, onRetry, onComment }: SseHandlers,
  maxChars: number = blockChars,
): SseParser {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let started = false
  let afterCr = false
  let pending = ''
  let size = 0
  let lastEventId = ''
  let committedId = ''
  let fault: Fault | undefined
  let fields: { event?: string; data?: string; id?: string; meta?: string; at?: string } = {}

  function takeLine(text: string): void {
    if (text === '') {
      const { data, event, ...rest } = fields
      fields = {}
      size = 0
      committedId = lastEventId
      if (data !== undefined)
        onBlock({ id: undefined, ...rest, event: event || 'message', data, lastEventId })
      return
    }
    const colon = text.indexOf(':')
    const name = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? '' : text.slice(colon + (text[colon + 1] === ' ' ? 2 : 1))
    switch (name) {
      case '':
        onComment?.(value)
        return
      case 'data':
        fields.data = fields.data === undefined ? value : `${fields.data}\n${value}`
        break
      case 'id':
        if (value.includes('\0')) return
        lastEventId = fields.id = value
        break
      case 'event':
      case 'meta':
      case 'at':
        fields[name] = value
        break
      case 'retry':
        if (/^\d+$/.test(value)) onRetry?.(Math.min(Number(value), longestTimerMs))
        return
      default:
        return
    }
    size += text.length
  }

  function takeText(chunk: string): void {
    if (chunk === '') return
    let start = (!started && chunk[0] === '\uFEFF') || (afterCr && chunk[0] === '\n') ? 1 : 0
    started = true
    afterCr = chunk.endsWith('\r')
    const ends = /\r\n?|\n/g
    ends.lastIndex = start
    for (let end = ends.exec(chunk); end; end = ends.exec(chunk)) {
      const text = pending + chunk.slice(start, end.index)
      pending = ''
      start = ends.lastIndex
      if (isTooLarge(text)) return
      takeLine(text)
    }
    pending += chunk.slice(start)
    if (isTooLarge(pending)) pending = ''
  }

  function isTooLarge(text: string): boolean {
    if (size + text.length <= maxChars) return false
    fields = {}
    fault = new Fault('TOO_LARGE', `an SSE block of over ${maxChars} characters`)
    return true
  }

  return {
    feed(chunk) {
      if (fault) return fault
      takeText(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
      return fault
    },
    lastEventId: () => committedId,
  }
}
