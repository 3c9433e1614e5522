/** From a channel and params to a topic with one key, the same on both sides and on every transport. */
import { longestTopicKeyBytes } from '../defaults.js'
import { type Issue, ParleyError } from '../errors.js'
import type { WireParams } from '../wire/frames.js'
import { type Parsed, parseSync, type Schema } from './schema.js'
import type { ChannelSpec } from './spec.js'

/** One channel with concrete params. */
export interface Topic {
  readonly spec: ChannelSpec
  /** The schema's output; `undefined` for a channel without params. */
  readonly params: WireParams | undefined
  /** The path, and the canonical JSON of the params: equal for equal topics. */
  readonly key: string
}

/** Names in the query of an SSE route that are not params. */
const reserved: ReadonlySet<string> = new Set(['lastEventId', 'from', 'until'])

const encoder = new TextEncoder()

/**
 * Finds the topic of a channel that `params` stand for.
 *
 * @param params What the application or the other side gave: checked here.
 * @param topicKeyBytes Longest key, in bytes of UTF-8.
 * @throws ParleyError `VALIDATION` with issues; `PARAMS_NOT_STABLE` if the schema changes its own output;
 *   `TOO_LARGE`; `ASYNC_SCHEMA`.
 */
export function topicOf(
  spec: ChannelSpec,
  params: unknown,
  topicKeyBytes: number = longestTopicKeyBytes,
): Topic {
  const schema = spec.params
  if (!schema) {
    if (params !== undefined) throw invalid(spec, [{ path: [], message: 'this channel takes no params' }])
    return { spec, params: undefined, key: spec.path }
  }
  return topicFrom(spec, parseParams(spec, schema, params), topicKeyBytes)
}

/**
 * Params as the query of an SSE route: one field each, strings as they are, the rest as JSON text.
 *
 * @throws ParleyError `PARAMS_NOT_STABLE` if the query would be read as another topic, as with a union of string and
 *   number; and what {@link topicOf} throws.
 */
export function paramsToQuery(spec: ChannelSpec, params: unknown): URLSearchParams {
  const topic = topicOf(spec, params)
  const query = new URLSearchParams()
  if (!topic.params) return query
  for (const [name, value] of Object.entries(topic.params)) {
    query.append(name, typeof value === 'string' ? value : JSON.stringify(value))
  }
  const read = parseFields(spec, spec.params!, query, Object.keys(topic.params))
  if (read.issues || spec.path + canonicalJson(present(read.value)) !== topic.key) {
    throw new ParleyError(
      'PARAMS_NOT_STABLE',
      `Params of '${spec.path}' come back different from a query: ${query}. Avoid unions of string and number, and unpaired surrogates`,
    )
  }
  return query
}

/**
 * Reads the topic from the query of an SSE route. The fields are parsed as strings; those that have an issue are
 * read as JSON, and it is parsed once more. `lastEventId`, `from` and `until` are no params.
 *
 * @throws ParleyError `VALIDATION` naming each field that is wrong, unknown or repeated; and what {@link topicOf} throws.
 */
export function paramsFromQuery(
  spec: ChannelSpec,
  query: URLSearchParams,
  topicKeyBytes: number = longestTopicKeyBytes,
): Topic {
  const names = [...query.keys()].filter((name) => !reserved.has(name))
  const known = new Set(names)
  if (known.size !== names.length) {
    const twice = [...known].filter((name) => query.getAll(name).length > 1)
    throw invalid(
      spec,
      twice.map((name) => ({ path: [name], message: 'given more than once' })),
    )
  }
  const schema = spec.params
  const parsed: Parsed<unknown> = schema ? parseFields(spec, schema, query, names) : { value: {} }
  if (!parsed.issues) {
    const unknown = names.filter((name) => !Object.hasOwn(parsed.value as object, name))
    if (unknown.length > 0) {
      throw invalid(
        spec,
        unknown.map((name) => ({ path: [name], message: 'there is no such param' })),
      )
    }
  }
  return schema ? topicFrom(spec, parsed, topicKeyBytes) : topicOf(spec, undefined, topicKeyBytes)
}

/** What the schema makes of a query's fields: as strings first, and where one has an issue as JSON. */
function parseFields(
  spec: ChannelSpec,
  schema: Schema,
  query: URLSearchParams,
  names: readonly string[],
): Parsed<unknown> {
  const fields = Object.fromEntries(names.map((name): [string, unknown] => [name, query.get(name)]))
  const parsed = parseParams(spec, schema, fields)
  if (!parsed.issues) return parsed
  for (const { path } of parsed.issues) {
    const name = String(path[0])
    if (names.includes(name)) fields[name] = readJson(query.get(name)!)
  }
  return parseParams(spec, schema, fields)
}

/** Text of a query field that is no string: JSON, or the text itself where it is none. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // the schema says what is wrong with it
  }
}

/** What the schema makes of params; what is no flat object of plain values is an issue, whatever the schema says. */
function parseParams({ path }: ChannelSpec, schema: Schema, params: unknown): Parsed<unknown> {
  if (typeof params === 'object' && params !== null && Object.hasOwn(params, '__proto__')) {
    return { issues: [{ path: ['__proto__'], message: 'there is no such param' }] }
  }
  const parsed = parseSync(schema, params, path, 'params')
  if (parsed.issues) return parsed
  const { value } = parsed
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { issues: [{ path: [], message: 'params must be an object' }] }
  }
  const issues = Object.entries(value)
    .filter(([, item]) => !isFlat(item))
    .map(([name]) => ({ path: [name], message: 'a param must be a string, a finite number or a boolean' }))
  return issues.length > 0 ? { issues } : parsed
}

function isFlat(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'string' || typeof value === 'boolean' || value === undefined
}

function topicFrom(spec: ChannelSpec, parsed: Parsed<unknown>, topicKeyBytes: number): Topic {
  if (parsed.issues) throw invalid(spec, parsed.issues)
  const params = present(parsed.value)
  const canonical = canonicalJson(params)
  const again = parseParams(spec, spec.params!, params)
  if (again.issues || canonicalJson(present(again.value)) !== canonical) {
    throw new ParleyError(
      'PARAMS_NOT_STABLE',
      `Params of '${spec.path}': the schema makes something else of its own output ${canonical}; leave transforms out of it`,
    )
  }
  const key = spec.path + canonical
  if (encoder.encode(key).length > topicKeyBytes) {
    throw new ParleyError(
      'TOO_LARGE',
      `Params of '${spec.path}' make a topic key of more than ${topicKeyBytes} bytes`,
    )
  }
  return { spec, params, key }
}

/** A param that is `undefined` is not there, and -0 is 0, as in JSON. Frozen, because handlers share a topic's params. */
function present(params: unknown): WireParams {
  const fields = Object.entries(params as WireParams).filter(([, value]) => value !== undefined)
  return Object.freeze(Object.fromEntries(fields.map(([name, value]) => [name, value === 0 ? 0 : value])))
}

/** JSON with its names in order of UTF-16 units; by hand, because an object puts names that are numbers first. */
function canonicalJson(params: WireParams): string {
  const fields = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`
}

function invalid(spec: ChannelSpec, issues: readonly Issue[]): ParleyError {
  const list = issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  )
  return new ParleyError('VALIDATION', `Params of '${spec.path}': ${list.join('; ')}`, { issues })
}
