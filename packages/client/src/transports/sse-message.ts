/** What a block of Parley's event stream says: docs/PROTOCOL.md, Server-sent events. */
import {
  Fault,
  type GapReason,
  type Position,
  parsePosition,
  type ReceivedBlock,
} from '@parley/shared/internal'
import type { TopicGap } from '../core/subscription.js'

export type SseMessage =
  /** `epoch`: the one that the log is in, which need not be that of the position. */
  | { readonly type: 'ready' | 'live'; readonly position: Position; readonly epoch: string }
  | { readonly type: 'gap'; readonly gap: TopicGap }
  | { readonly type: 'end'; readonly code: string; readonly message: string }
  /** Without a position it is volatile. `json` and `meta` are JSON text. */
  | {
      readonly type: 'event'
      readonly name: string
      readonly position: Position | undefined
      readonly json: string
      readonly meta?: string
      readonly at?: number
    }
  /** A `parley.` block of a later version: to be passed over. */
  | { readonly type: 'unknown' }

const gapReasons = new Set<string>(['expired', 'trimmed', 'reset', 'incompatible', 'overflow'])

/** Reads one block; a block of ours that breaks the rules is a fault. */
export function readSseBlock(block: ReceivedBlock): SseMessage | Fault {
  switch (block.event) {
    case 'parley.ready':
    case 'parley.live': {
      const fields = fieldsOf(block)
      const position = positionIn(fields?.position)
      if (!position) return broken(block)
      const epoch = typeof fields?.epoch === 'string' ? fields.epoch : position.epoch
      return { type: block.event === 'parley.ready' ? 'ready' : 'live', position, epoch }
    }
    case 'parley.gap': {
      const fields = fieldsOf(block)
      const after = positionIn(fields?.after)
      const first = positionIn(fields?.first)
      const reason = fields?.reason
      if (!after || !first || typeof reason !== 'string' || !gapReasons.has(reason)) return broken(block)
      return { type: 'gap', gap: { after, first, reason: reason as GapReason } }
    }
    case 'parley.end': {
      const { code, message } = fieldsOf(block) ?? {}
      if (typeof code !== 'string') return broken(block)
      return { type: 'end', code, message: typeof message === 'string' ? message : '' }
    }
  }
  if (block.event.startsWith('parley.')) return { type: 'unknown' }
  const { event: name, data: json, id, meta, at } = block
  return {
    type: 'event',
    name,
    json,
    position: positionIn(id),
    ...(meta === undefined ? {} : { meta }),
    ...(at === undefined || !/^\d+$/.test(at) ? {} : { at: Number(at) }),
  }
}

function positionIn(text: unknown): Position | undefined {
  return typeof text === 'string' ? parsePosition(text) : undefined
}

function fieldsOf({ data }: ReceivedBlock): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined // the caller says what is wrong with it
  }
}

function broken({ event, data }: ReceivedBlock): Fault {
  return new Fault('PROTOCOL', `a block ${event} that cannot be read: ${data.slice(0, 80)}`)
}
