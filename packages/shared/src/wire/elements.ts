/**
 * Reads frames defensively: what is malformed becomes a `Fault` with its close code, never an exception. Here is what
 * both directions have in common: the array that a frame is, and its elements.
 */
import type { Received } from '../codec/payload.js'
import type { FrameData } from '../link.js'
import { splitBlobs } from './binary.js'
import { isDeeperThan } from './depth.js'
import { Fault } from './fault.js'
import type { From, WireParams } from './frames.js'
import { type Position, parsePosition } from './position.js'

export type Elements = readonly unknown[]
export type Blobs = readonly Uint8Array[] | undefined
/** Reads the frames of one tag; `undefined` for a malformed one. */
export type FrameReader<F> = (elements: Elements, blobs: Blobs) => F | undefined

/** Reads one frame; `undefined` for a tag that is not known. */
export function parseFrame<F>(
  readers: ReadonlyMap<string, FrameReader<F>>,
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

export const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0
export const isId = (value: unknown): value is number => isCount(value) && value > 0
export const isNumber = (value: unknown): value is number => Number.isFinite(value) // JSON has 1e999
export const isText = (value: unknown): value is string => typeof value === 'string'
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The payload that stands at `at` and, if it has one, its meta behind it. */
export function payload(elements: Elements, at: number, blobs: Blobs): Received | undefined {
  if (elements.length <= at) return undefined
  // field by field: spreading costs as much as parsing the frame
  const received: { json: unknown; meta?: unknown; blobs?: readonly Uint8Array[] } = { json: elements[at] }
  const meta = elements[at + 1]
  if (meta !== undefined && meta !== 0 && meta !== null) received.meta = meta
  if (blobs) received.blobs = blobs
  return received
}

/** Params, or `null` for none; `undefined` when malformed. */
export function params(value: unknown): WireParams | null | undefined {
  if (value === null) return null
  if (!isRecord(value)) return undefined
  for (const one of Object.values(value)) {
    if (!isText(one) && typeof one !== 'boolean' && !isNumber(one)) return undefined
  }
  return value as WireParams
}

export function position(value: unknown): Position | undefined {
  return isText(value) ? parsePosition(value) : undefined
}

export function from(value: unknown): From | undefined {
  if (value === null || value === undefined) return 'now'
  if (value === 'first') return 'first'
  if (isRecord(value)) return isCount(value.last) ? { last: value.last } : undefined
  return position(value)
}

/** An optional property: present only when it has a value. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V })
}

export const ping = (): { type: 'ping' } => ({ type: 'ping' })
export const pong = (): { type: 'pong' } => ({ type: 'pong' })
