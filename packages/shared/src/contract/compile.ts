/** From a contract's tree to its specs: every rule that a contract has to keep is checked here, at its path. */
import { replayDefaults } from '../defaults.js'
import { parseDuration } from './duration.js'
import { fingerprintContract, fingerprintSchema, isTransparent } from './fingerprint.js'
import { checkName, type Place, refuse } from './names.js'
import { isSchema, type Schema } from './schema.js'
import type {
  CallSpec,
  ChannelSpec,
  ContractSpecs,
  ErrorSpec,
  EventSpec,
  MessageSpec,
  ReplaySpec,
  StreamSpec,
} from './spec.js'

/** Reads what stands at a path, or refuses it. */
type Read<T> = (value: unknown, at: string) => T

/** @throws ParleyError `BAD_CONTRACT` */
export function compile(tree: unknown, version: string | undefined): ContractSpecs {
  const channels = new Map<string, ChannelSpec>()
  const calls = new Map<string, CallSpec>()
  const streams = new Map<string, StreamSpec>()

  const schema: Read<Schema> = (value, at) => {
    if (!isSchema(value)) return refuse(at, 'expected a schema: zod, or any Standard Schema')
    if (version === undefined && !isTransparent(value)) {
      const { vendor } = value['~standard']
      refuse(
        at,
        `a schema of ${vendor} has no fingerprint; add { version } as defineContract's second argument`,
      )
    }
    return value
  }

  const errors = named('error', (code, value, at): ErrorSpec => {
    const { data, status } = fields(isSchema(value) ? { data: value } : value, at, {
      data: optional(schema),
      status: httpStatus,
    })
    return { code, schema: data, status }
  })

  const callFields = {
    input: optional(schema),
    output: optional(schema),
    errors,
    idempotent: flag,
    once: optional(duration),
    withinMs: optional(positive),
  }
  const call = (value: unknown, at: string): Omit<CallSpec, 'kind' | 'path'> => {
    const { once: onceMs, ...rest } = fields(value, at, callFields)
    if (rest.idempotent && onceMs) {
      refuse(at, 'it cannot be both `idempotent` (may run again) and `once` (must not)')
    }
    return { ...rest, onceMs }
  }

  const event = (name: string, value: unknown, at: string): EventSpec => {
    const dropped = kindOf(value) === 'volatile'
    const checked = schema(dropped ? inside(value) : value, at)
    return lazily({ name, schema: checked, volatile: dropped }, () => fingerprintSchema(checked, version))
  }

  const message = (name: string, value: unknown, at: string): MessageSpec => {
    const kind = kindOf(value)
    if (kind === 'call') return { name, kind, ...call(value, at) }
    const dropped = kind === 'volatile'
    const input = schema(dropped ? inside(value) : value, at)
    return { name, kind: dropped ? 'volatile' : 'bare', ...call({ input }, at) }
  }

  const channelFields = {
    params: optional(params(schema)),
    events: named('event', event),
    messages: named('message', message),
    presence: optional(schema),
    replay,
    times: flag,
    upgrade: named('event', (_, value, at) => {
      if (typeof value !== 'function') refuse(at, 'expected a function')
      return value as (old: unknown) => unknown
    }),
  }
  const channel = (value: unknown, path: string): ChannelSpec => {
    const found = fields(value, path, channelFields)
    for (const name of found.upgrade.keys()) {
      if (found.events.get(name)?.volatile !== false) {
        refuse(`${path}.upgrade.${name}`, 'the channel keeps no event of this name')
      }
    }
    return { kind: 'channel', path, ...found }
  }

  const streamFields = { input: optional(schema), yields: schema, output: optional(schema), errors }

  const walk = (node: unknown, place: Place, prefix: string): void => {
    for (const [name, value] of Object.entries(plainObject(node, prefix))) {
      const path = prefix === '' ? name : `${prefix}.${name}`
      checkName(name, place, path)
      const kind = kindOf(value)
      if (kind === 'channel') channels.set(path, channel(value, path))
      else if (kind === 'call') calls.set(path, { kind, path, ...call(value, path) })
      else if (kind === 'stream') streams.set(path, { kind, path, ...fields(value, path, streamFields) })
      else if (kind !== undefined || isSchema(value)) {
        refuse(path, 'expected channel(...), call(...), stream(...) or a plain object of them')
      } else walk(value, 'path', path)
    }
  }
  walk(tree, 'root', '')

  const specs = { version, channels, calls, streams }
  return lazily(specs, () => fingerprintContract(specs, version))
}

/** Adds the fingerprint, made when first asked for: a lazy schema may refer to what is defined only after the contract. */
function lazily<T extends object>(spec: T, make: () => string): T & { readonly fingerprint: string } {
  let made: string | undefined
  return Object.defineProperty(spec, 'fingerprint', {
    enumerable: true,
    get: () => {
      made ??= make()
      return made
    },
  }) as T & { readonly fingerprint: string }
}

/** What `channel`, `call`, `stream` and `volatile` mark their results with. */
function kindOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || isSchema(value)) return undefined
  const kind: unknown = Reflect.get(value, 'kind')
  return typeof kind === 'string' ? kind : undefined
}

/** The schema of a `volatile(...)`. */
function inside(value: unknown): unknown {
  return (value as { readonly schema?: unknown }).schema
}

/** A plain object. `{ __proto__: x }` is none: it has another prototype, and no key that would show it. */
function plainObject(value: unknown, at: string): Readonly<Record<string, unknown>> {
  const prototype = typeof value === 'object' && value !== null && Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) refuse(at, 'expected a plain object')
  return value as Readonly<Record<string, unknown>>
}

/** Reads a plain object that has no other fields than these, and its brand. */
function fields<T extends object>(value: unknown, at: string, reads: { [K in keyof T]: Read<T[K]> }): T {
  const given = plainObject(value, at)
  for (const name of Object.keys(given)) {
    if (name !== 'kind' && !Object.hasOwn(reads, name)) {
      refuse(at, `there is no option ${JSON.stringify(name)} here`)
    }
  }
  const read = Object.entries<Read<unknown>>(reads).map(([name, one]) => [
    name,
    one(given[name], `${at}.${name}`),
  ])
  return Object.fromEntries(read) as T
}

/** Reads the named things of a channel, call or stream. */
function named<T>(
  place: Place,
  read: (name: string, value: unknown, at: string) => T,
): Read<ReadonlyMap<string, T>> {
  return (value, at) => {
    const map = new Map<string, T>()
    for (const [name, item] of Object.entries(value === undefined ? {} : plainObject(value, at))) {
      const here = `${at}.${name}`
      checkName(name, place, here)
      map.set(name, read(name, item, here))
    }
    return map
  }
}

function optional<T>(read: Read<T>): Read<T | undefined> {
  return (value, at) => (value === undefined ? undefined : read(value, at))
}

/** Refuses the names that an SSE route's query needs for itself, where the schema lets them be seen. */
function params(schema: Read<Schema>): Read<Schema> {
  return (value, at) => {
    const checked = schema(value, at)
    const shape: unknown = isTransparent(checked) && Reflect.get(checked._zod.def, 'shape')
    for (const name of Object.keys(shape || {})) checkName(name, 'param', `${at}.${name}`)
    return checked
  }
}

function replay(value: unknown, at: string): ReplaySpec {
  if (value === 'latest') return value
  const {
    last,
    for: forMs,
    bytes,
  } = fields(value ?? {}, at, {
    last: optional(whole),
    for: optional(duration),
    bytes: optional(whole),
  })
  const { last: defaultLast, forMs: defaultForMs, bytes: defaultBytes } = replayDefaults
  return { last: last ?? defaultLast, forMs: forMs ?? defaultForMs, bytes: bytes ?? defaultBytes }
}

function duration(value: unknown, at: string): number {
  return (
    parseDuration(value) ?? refuse(at, `${JSON.stringify(value)} is no duration: write '30s', '10m', or ms`)
  )
}

function positive(value: unknown, at: string): number {
  if (typeof value !== 'number' || !(value > 0 && value < Number.POSITIVE_INFINITY)) {
    return refuse(at, 'expected a number above 0')
  }
  return value
}

function whole(value: unknown, at: string): number {
  if (!Number.isSafeInteger(value)) refuse(at, 'expected a whole number')
  return positive(value, at)
}

function httpStatus(value: unknown = 400, at: string): number {
  if (!(typeof value === 'number' && Number.isInteger(value) && value >= 400 && value < 600)) {
    return refuse(at, 'expected an HTTP status from 400 to 599')
  }
  return value
}

function flag(value: unknown, at: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') refuse(at, 'expected true or false')
  return value === true
}
