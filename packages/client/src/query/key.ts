/** Keys of queries: the path of the call, name by name, and its input as plain JSON, which TanStack can hash. */
import type { QueryKey } from '@tanstack/query-core'
import type { Caller } from '../handles.js'

/**
 * The key of a call's queries, to invalidate, cancel or find them: with an input those of that input, without one all
 * of the call. Equal inputs have one key, whatever the order of their fields; Dates, Maps and BigInts may be in them.
 *
 * @throws ParleyError `NOT_SERIALIZABLE` for an input that cannot travel.
 * @example
 * await queryClient.invalidateQueries({ queryKey: queryKey(client.rooms.list) })
 */
export function queryKey<Input, Output, Declared, Idempotent extends boolean>(
  call: Caller<Input, Output, Declared, Idempotent>,
  ...input: [input?: Input]
): QueryKey {
  const { path, keyOf } = call['~call']
  const names = path.split('.')
  return input.length === 0 ? names : [...names, keyOf(input[0])]
}

/** The key of one query. An input that is not known yet has one of its own. */
export function keyOfQuery(call: AnyCaller, input: unknown, kind: object = {}): QueryKey {
  const { path, keyOf } = call['~call']
  const encoded = typeof input === 'symbol' ? { skipped: true } : keyOf(input)
  return [...path.split('.'), { ...encoded, ...kind }]
}

/** A call, whatever its types. */
export type AnyCaller = ((input?: unknown, options?: { signal?: AbortSignal }) => Promise<unknown>) & {
  readonly '~call': Caller<unknown, unknown, never>['~call']
}
