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

type Fields = { readonly [name: string]: unknown }

/** @throws ParleyError `BAD_CONTRACT` */
export function compile(tree: unknown, version: string | undefined): ContractSpecs {
  const channels = new Map<string, ChannelSpec>()
  const calls = new Map<string, CallSpec>()
  const streams = new Map<string, StreamSpec>()

  const schemaAt = (value: unknown, at: string): Schema => {
    if (!isSchema(value)) refuse(at, 'expected a schema (zod, or any Standard Schema)')
    if (version === undefined && !isTransparent(value)) {
      const { vendor } = value['~standard']
      refuse(
        at,
        `a schema of ${vendor} has no fingerprint; add { version } as defineContract's second argument`,
      )
    }
    return value
  }
  const optionalSchema = (value: unknown, at: string): Schema | undefined =>
    value === undefined ? undefined : schemaAt(value, at)

  const errorsAt = (value: unknown, at: string): ReadonlyMap<string, ErrorSpec> =>
    entries(value, 'error', at, (code, error, here) => {
      if (isSchema(error)) return { code, schema: schemaAt(error, here), status: 400 }
      const { data, status = 400 } = only(error, here, ['data', 'status'])
      if (!Number.isInteger(status) || Number(status) < 400 || Number(status) > 599) {
        refuse(`${here}.status`, 'expected an HTTP status from 400 to 599')
      }
      return { code, schema: optionalSchema(data, `${here}.data`), status: Number(status) }
    })

  const callAt = (leaf: unknown, at: string) => {
    const { input, output, errors, idempotent, once, withinMs } = only(leaf, at, [
      'kind',
      'input',
      'output',
      'errors',
      'idempotent',
      'once',
      'withinMs',
    ])
    if (idempotent && once !== undefined) {
      refuse(at, 'it cannot be both `idempotent` (may run again) and `once` (must not)')
    }
    return {
      input: optionalSchema(input, `${at}.input`),
      output: optionalSchema(output, `${at}.output`),
      errors: errorsAt(errors, `${at}.errors`),
      idempotent: flag(idempotent, `${at}.idempotent`),
      onceMs: once === undefined ? undefined : duration(once, `${at}.once`),
      withinMs: withinMs === undefined ? undefined : positive(withinMs, `${at}.withinMs`),
    }
  }

  const eventAt = (name: string, value: unknown, at: string): EventSpec => {
    const dropped = isVolatile(value)
    const schema = schemaAt(dropped ? value.schema : value, at)
    let fingerprint: string | undefined
    return {
      name,
      schema,
      volatile: dropped,
      // When first asked for: a lazy schema may refer to what is defined only after the contract.
      get fingerprint() {
        fingerprint ??= fingerprintSchema(schema, version)
        return fingerprint
      },
    }
  }

  const messageAt = (name: string, value: unknown, at: string): MessageSpec => {
    if (kindOf(value) === 'call') return { name, kind: 'call', ...callAt(value, at) }
    const dropped = isVolatile(value)
    const input = schemaAt(dropped ? value.schema : value, at)
    return { name, kind: dropped ? 'volatile' : 'bare', ...callAt({ input }, at) }
  }

  const channelAt = (leaf: Fields, path: string): ChannelSpec => {
    const { params, events, messages, presence, replay, times, upgrade } = only(leaf, path, [
      'kind',
      'params',
      'events',
      'messages',
      'presence',
      'replay',
      'times',
      'upgrade',
    ])
    const eventSpecs = entries(events, 'event', `${path}.events`, eventAt)
    return {
      kind: 'channel',
      path,
      params: paramsAt(optionalSchema(params, `${path}.params`), `${path}.params`),
      events: eventSpecs,
      messages: entries(messages, 'message', `${path}.messages`, messageAt),
      presence: optionalSchema(presence, `${path}.presence`),
      replay: replayAt(replay, `${path}.replay`),
      times: flag(times, `${path}.times`),
      upgrade: entries(upgrade, 'event', `${path}.upgrade`, (name, run, at) => {
        if (typeof run !== 'function') refuse(at, 'expected a function')
        if (eventSpecs.get(name)?.volatile !== false) refuse(at, 'the channel keeps no event of this name')
        return run as (old: unknown) => unknown
      }),
    }
  }

  const walk = (node: unknown, place: Place, prefix: string): void => {
    for (const [name, value] of Object.entries(plainObject(node, prefix))) {
      const path = prefix === '' ? name : `${prefix}.${name}`
      checkName(name, place, path)
      const kind = kindOf(value)
      if (kind === 'channel') channels.set(path, channelAt(plainObject(value, path), path))
      else if (kind === 'call') calls.set(path, { kind, path, ...callAt(value, path) })
      else if (kind === 'stream') {
        const { input, yields, output, errors } = only(value, path, [
          'kind',
          'input',
          'yields',
          'output',
          'errors',
        ])
        streams.set(path, {
          kind,
          path,
          input: optionalSchema(input, `${path}.input`),
          yields: schemaAt(yields, `${path}.yields`),
          output: optionalSchema(output, `${path}.output`),
          errors: errorsAt(errors, `${path}.errors`),
        })
      } else if (kind !== undefined || isSchema(value)) {
        refuse(path, 'expected channel(...), call(...), stream(...) or a plain object of them')
      } else walk(value, 'path', path)
    }
  }
  walk(tree, 'root', '')

  let fingerprint: string | undefined
  const specs = { channels, calls, streams }
  return {
    ...specs,
    get fingerprint() {
      fingerprint ??= fingerprintContract(specs, version)
      return fingerprint
    },
  }
}

/** What `channel`, `call`, `stream` and `volatile` mark their results with. */
function kindOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || isSchema(value)) return undefined
  const kind: unknown = Reflect.get(value, 'kind')
  return typeof kind === 'string' ? kind : undefined
}

function isVolatile(value: unknown): value is { readonly schema: unknown } {
  return kindOf(value) === 'volatile'
}

/** A plain object. `{ __proto__: x }` is none: it has another prototype, and no key that would show it. */
function plainObject(value: unknown, at: string): Fields {
  const prototype = typeof value === 'object' && value !== null && Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) refuse(at, 'expected a plain object')
  return value as Fields
}

/** A plain object with no other fields than these. */
function only(value: unknown, at: string, names: readonly string[]): Fields {
  const fields = plainObject(value, at)
  for (const name of Object.keys(fields)) {
    if (!names.includes(name)) refuse(at, `there is no option ${JSON.stringify(name)} here`)
  }
  return fields
}

/** The named things of a channel, call or stream as a map. */
function entries<Spec>(
  value: unknown,
  place: Place,
  at: string,
  read: (name: string, value: unknown, at: string) => Spec,
): ReadonlyMap<string, Spec> {
  const map = new Map<string, Spec>()
  for (const [name, item] of Object.entries(value === undefined ? {} : plainObject(value, at))) {
    checkName(name, place, `${at}.${name}`)
    map.set(name, read(name, item, `${at}.${name}`))
  }
  return map
}

/** Refuses the names that an SSE route's query needs for itself, where the schema lets them be seen. */
function paramsAt(schema: Schema | undefined, at: string): Schema | undefined {
  const shape: unknown = isTransparent(schema) && Reflect.get(schema._zod.def, 'shape')
  for (const name of Object.keys(shape || {})) checkName(name, 'param', `${at}.${name}`)
  return schema
}

function replayAt(value: unknown, at: string): ReplaySpec {
  if (value === 'latest') return value
  const fields = value === undefined ? {} : only(value, at, ['last', 'for', 'bytes'])
  const count = (name: 'last' | 'bytes'): number => {
    const n = fields[name] ?? replayDefaults[name]
    return Number.isSafeInteger(n)
      ? positive(n, `${at}.${name}`)
      : refuse(`${at}.${name}`, 'expected a whole number')
  }
  const forMs = fields.for === undefined ? replayDefaults.forMs : duration(fields.for, `${at}.for`)
  return { last: count('last'), forMs, bytes: count('bytes') }
}

function duration(value: unknown, at: string): number {
  return (
    parseDuration(value) ?? refuse(at, `${JSON.stringify(value)} is no duration: write '30s', '10m', or ms`)
  )
}

function positive(value: unknown, at: string): number {
  return typeof value === 'number' && value > 0 && Number.isFinite(value)
    ? value
    : refuse(at, 'expected a number above 0')
}

function flag(value: unknown, at: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') refuse(at, 'expected true or false')
  return value === true
}
