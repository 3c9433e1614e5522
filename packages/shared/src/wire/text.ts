/**
 * How frames are written: a JSON array whose first element is the frame's tag; binary when a payload holds bytes
 * (see binary.ts). Elements at the end may be left out; elements beyond those known are ignored. Here is what both
 * directions have in common.
 */
import type { Encoded } from '../codec/payload.js'
import type { FrameData } from '../link.js'
import { joinBlobs } from './binary.js'

/** A frame, of its text and of the one payload in it, if it has any. */
export function frameOf(text: string, payload: Encoded | undefined): FrameData {
  return payload?.blobs ? joinBlobs(text, payload.blobs) : text
}

/** What follows a payload's json. */
export function tail(data: Encoded, at: number | undefined): string {
  if (at !== undefined) return `,${data.meta ?? 0},${at}`
  return data.meta === undefined ? '' : `,${data.meta}`
}

/** An optional payload at the end of a frame. */
export function end(payload: Encoded | undefined): string {
  return payload ? `,${payload.json}${tail(payload, undefined)}]` : ']'
}

export const text = (value: unknown): string => JSON.stringify(value) ?? 'null'
