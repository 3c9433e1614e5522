import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Issue, ParleyError } from '../errors.js'

/** Any Standard Schema (https://standardschema.dev), version 1. */
export type Schema<Input = unknown, Output = unknown> = StandardSchemaV1<Input, Output>

/**
 * What a contract takes as a schema: any Standard Schema, known by its brand. `unknown`, because with more the compiler
 * compares the whole of it, which costs two hundred times as much for a zod object; run time looks closer.
 */
export interface AnySchema {
  readonly '~standard': unknown
}

/** What a schema said of a value: the parsed value, or what was wrong with it. */
export type Parsed<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[]; readonly value?: undefined }

/** Whether a value is a Standard Schema. A function can be one, too (ArkType). */
export function isSchema(value: unknown): value is Schema {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false
  const standard: unknown = Reflect.get(value, '~standard')
  return typeof standard === 'object' && standard !== null && 'validate' in standard
}

/**
 * Checks a value where there is no time to wait: events, params, data of errors.
 *
 * @param path Of the channel or call that the schema belongs to.
 * @param part What of it has the schema: an event's name, `params`, an error's code.
 * @throws ParleyError `ASYNC_SCHEMA` if the schema answers with a promise.
 */
export function parseSync<Output>(
  schema: Schema<unknown, Output>,
  value: unknown,
  path: string,
  part: string,
): Parsed<Output> {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    result.catch(() => {}) // its outcome is of no use, and must not become an unhandled rejection
    throw new ParleyError(
      'ASYNC_SCHEMA',
      `The schema of '${path}.${part}' is asynchronous, and nothing can wait for it here: do it in \`join\` or a handler`,
    )
  }
  return settled(result)
}

/**
 * Checks a value with a schema that may be asynchronous: inputs and outputs of calls, messages and streams. The answer
 * of one that is not is there at once.
 */
export function parse<Output>(
  schema: Schema<unknown, Output>,
  value: unknown,
): Parsed<Output> | Promise<Parsed<Output>> {
  const result = schema['~standard'].validate(value)
  return result instanceof Promise ? result.then(settled) : settled(result)
}

function settled<Output>(result: StandardSchemaV1.Result<Output>): Parsed<Output> {
  return result.issues
    ? { issues: result.issues.map(({ path, message }) => ({ path: (path ?? []).map(step), message })) }
    : { value: result.value }
}

/** One step of an issue's path: vendors give the bare key or `{ key }`; a symbol has no place in JSON. */
function step(segment: PropertyKey | StandardSchemaV1.PathSegment): string | number {
  const key = typeof segment === 'object' ? segment.key : segment
  return typeof key === 'symbol' ? String(key) : key
}
