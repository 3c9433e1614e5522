/**
 * Keys of queries: `'parley'`, the path of the call, name by name, and its input as one text, so that TanStack, which
 * matches objects by a part of them, matches a whole input or none.
 */
import type { RequestError } from '@parley/shared/internal'
import type { DataTag, QueryKey } from '@tanstack/query-core'
import type { Caller } from '../handles.js'

/** What a query holds. TanStack keeps no `undefined`: a call without an output gives `null`. */
export type Cached<Output> = [Output] extends [void]
  ? null
  : undefined extends Output
    ? Exclude<Output, undefined> | null
    : Output

/**
 * The key of a call's queries, to invalidate, cancel or find them: with an input those of that input, live ones, too;
 * without one all of the call. It is the whole key of the query that `queryOptions` makes for that input, so
 * `getQueryData(queryKey(call, input))` has its data, typed.
 *
 * Equal inputs have one key, whatever the order of their fields, and whether a field is `undefined` or not there; Dates,
 * Maps and BigInts may be in them.
 *
 * @throws ParleyError `NOT_SERIALIZABLE` for an input that cannot travel.
 * @example
 * await queryClient.invalidateQueries({ queryKey: queryKey(client.rooms.list) })
 */
export function queryKey<Input, Output, Declared, Idempotent extends boolean>(
  call: Caller<Input, Output, Declared, Idempotent>,
  ...input: undefined extends Input ? [input?: Input] : [input: Input]
): DataTag<QueryKey, Cached<Output>, RequestError<Declared>>
export function queryKey<Input, Output, Declared, Idempotent extends boolean>(
  call: Caller<Input, Output, Declared, Idempotent>,
): QueryKey
export function queryKey(call: { readonly '~call': Facts }, input?: unknown): QueryKey {
  return keyOfCall(call, input)
}

/** The key of one query. An input that is not known yet has one of its own. */
export function keyOfQuery(call: AnyCaller, input: unknown, kind: readonly object[] = []): QueryKey {
  return typeof input === 'symbol'
    ? [...keyOfPath(call), { skipped: true }, ...kind]
    : [...keyOfCall(call, input), ...kind]
}

/** The key of all that is of a call. */
export function keyOfPath(call: { readonly '~call': Facts }): readonly string[] {
  return ['parley', ...call['~call'].path.split('.')]
}

function keyOfCall(call: { readonly '~call': Facts }, input: unknown): QueryKey {
  if (input === undefined) return keyOfPath(call)
  const { keyOf } = call['~call']
  const encoded = keyOf(input)
  // what is plain JSON has no `undefined` in it
  const { input: json, meta } = encoded.meta === undefined ? encoded : keyOf(withoutUndefined(input))
  return [...keyOfPath(call), meta === undefined ? textOf(json) : `${textOf(json)} ${textOf(meta)}`]
}

/** One text for equal JSON. */
function textOf(json: unknown): string {
  return JSON.stringify(json, (_, value: unknown) =>
    isPlain(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  )
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (!isPlain(value)) return value
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutUndefined(field)]))
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

type Facts = Caller<unknown, unknown, never>['~call']

/** A call, whatever its types. */
export type AnyCaller = ((input?: unknown, options?: { signal?: AbortSignal }) => Promise<unknown>) & {
  readonly '~call': Facts
}
