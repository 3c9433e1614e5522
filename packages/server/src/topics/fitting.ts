/**
 * Events that were written under another contract: by a version of the application before this one, or by another
 * node in the middle of a deploy. Each carries the fingerprint of the schema that it was written under. The promise: a
 * reader gets a value of today's schema, or is told that there is none; never an untyped value.
 *
 * Same fingerprint: the bytes go out as they are. Else today's schema is asked to take what is stored. Where it
 * transforms, it is not asked: what was stored is a result of a transform, not something to transform again. Where it
 * may rewrite a value, or cannot be looked into, the value must come out as it went in. What does not fit is given to
 * the channel's `upgrade`.
 */
import type { Report, Schema } from '@parley/shared'
import {
  type ChannelSpec,
  type Codec,
  type Encoded,
  type EventSpec,
  parseSync,
  schemaGraph,
} from '@parley/shared/internal'
import { sizeOf } from '../core/size.js'
import type { FittedEntry, FittedPage } from '../core/subscription.js'
import type { Fit } from '../fanout.js'
import { firstIssue } from '../issues.js'
import type { Entry, Page, VolatileItem } from '../logs/log.js'

/** What of old entries is kept made, so that the readers that come back after a deploy share the work. */
const mostBytes = 8_388_608
/** What an entry takes beside its payload, about. */
const bytesBeside = 300
/** Names of volatile events that were told of; nobody is told twice. */
const mostTold = 1_000

/** What today's schema may do to a value that it takes. */
type Manner = 'keeps' | 'rewrites' | 'transforms'

export interface FittingOptions {
  readonly codec: Codec
  readonly report: (report: Report) => void
}

export class Fitting {
  readonly #codec: Codec
  readonly #report: (report: Report) => void
  readonly #manners = new WeakMap<Schema, Manner>()
  /** The oldest first. */
  readonly #made = new Map<string, FittedEntry>()
  #bytes = 0
  readonly #told = new Set<string>()

  constructor({ codec, report }: FittingOptions) {
    this.#codec = codec
    this.#report = report
  }

  /** The same for one channel. */
  of(spec: ChannelSpec): Fit {
    return {
      entry: (entry) => this.entry(spec, entry),
      volatile: (item) => this.#volatile(spec, item),
    }
  }

  entry(spec: ChannelSpec, entry: Entry): FittedEntry {
    const event = spec.events.get(entry.name)
    return event?.fingerprint === entry.schema ? entry : this.#old(spec, event, entry)
  }

  page(spec: ChannelSpec, page: Page): FittedPage {
    const entries = page.entries.map((entry) => this.entry(spec, entry))
    return { ...page, entries }
  }

  #old(spec: ChannelSpec, event: EventSpec | undefined, entry: Entry): FittedEntry {
    const key = `${entry.offset} ${entry.at} ${entry.id} ${entry.topic}`
    const made = this.#made.get(key)
    if (made) return made
    const data = event && this.#fit(spec, event, entry.data)
    const fitted: FittedEntry = data
      ? { ...entry, data }
      : { ...entry, data: { json: 'null' }, incompatible: true }
    this.#made.set(key, fitted)
    this.#bytes += sizeOf(fitted.data) + bytesBeside
    for (const [oldest, one] of this.#made) {
      if (this.#bytes <= mostBytes) break
      this.#made.delete(oldest)
      this.#bytes -= sizeOf(one.data) + bytesBeside
    }
    return fitted
  }

  #volatile(spec: ChannelSpec, item: VolatileItem): VolatileItem | undefined {
    const event = spec.events.get(item.name)
    if (event?.fingerprint === item.schema) return item
    const data = event && this.#fit(spec, event, item.data)
    if (data) return { ...item, data }
    const path = `${spec.path}.${item.name}`
    if (this.#told.has(path) || this.#told.size >= mostTold) return undefined
    this.#told.add(path)
    const why = event ? 'does not fit the schema of this one' : 'is unknown to this one'
    const message = `volatile events that another version of the application emits are dropped: it ${why}`
    this.#report({ kind: 'incompatible', path, message })
    return undefined
  }

  /** The payload under today's schema, if there is one. */
  #fit(spec: ChannelSpec, event: EventSpec, stored: Encoded): Encoded | undefined {
    const upgrade = spec.upgrade.get(event.name)
    let doing = 'its schema threw'
    try {
      const old = this.#codec.decode(this.#codec.received(stored))
      const taken = this.#taken(spec, event, old, stored)
      if (taken || !upgrade) return taken
      doing = '`upgrade` threw'
      const input = upgrade(old)
      if (input === undefined) return undefined
      doing = 'what `upgrade` gave cannot be sent'
      const { value, issues } = parseSync(event.schema, input, spec.path, event.name)
      if (!issues) return this.#codec.encode(value)
      this.#failed(spec, event, `what \`upgrade\` gave does not fit: ${firstIssue(issues)}`)
    } catch (error) {
      this.#failed(spec, event, doing, error)
    }
    return undefined
  }

  /** What today's schema makes of a stored value by itself. */
  #taken(spec: ChannelSpec, event: EventSpec, old: unknown, stored: Encoded): Encoded | undefined {
    const manner = this.#mannerOf(event.schema)
    if (manner === 'transforms') return undefined
    const { value, issues } = parseSync(event.schema, old, spec.path, event.name)
    if (issues) return undefined
    const encoded = this.#codec.encode(value)
    return manner === 'keeps' || isSame(encoded, stored) ? encoded : undefined
  }

  #mannerOf(schema: Schema): Manner {
    const known = this.#manners.get(schema)
    if (known) return known
    const manner = mannerOf(schema)
    this.#manners.set(schema, manner)
    return manner
  }

  #failed({ path }: ChannelSpec, { name }: EventSpec, what: string, error?: unknown): void {
    this.#report({
      kind: 'incompatible',
      path: `${path}.${name}`,
      message: `an event that was written under another schema cannot be given: ${what}`,
      ...(error === undefined ? {} : { error }),
    })
  }
}

function mannerOf(schema: Schema): Manner {
  const graph = schemaGraph('')
  graph.number(schema)
  let manner: Manner = 'keeps'
  for (const { def } of graph.nodes()) {
    const { type, vendor, coerce, check } = def as { readonly [name: string]: unknown }
    if (type === 'transform') return 'transforms'
    // a pipe may be a zod codec, whose functions no description shows
    if (vendor !== undefined || coerce === true || type === 'pipe' || check === 'overwrite')
      manner = 'rewrites'
  }
  return manner
}

function isSame(a: Encoded, b: Encoded): boolean {
  if (a.json !== b.json || a.meta !== b.meta || a.blobs?.length !== b.blobs?.length) return false
  return (a.blobs ?? []).every((blob, n) => {
    const other = b.blobs![n]!
    return blob.length === other.length && blob.every((byte, i) => byte === other[i])
  })
}
