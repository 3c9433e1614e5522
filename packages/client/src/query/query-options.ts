/** A call as a query: its key, its function, and when it is worth another try. */
import { ParleyError } from '@parley/shared'
import type { RequestError } from '@parley/shared/internal'
import type {
  DataTag,
  QueryFunction,
  QueryFunctionContext,
  QueryKey,
  QueryObserverOptions,
  SkipToken,
} from '@tanstack/query-core'
import type { Caller } from '../handles.js'
import { type AnyCaller, type Cached, keyOfQuery } from './key.js'
import { queryDefaults } from './retry.js'

/** Any call may be queried that may run again: TanStack runs a query whenever it sees fit. */
export type MayRunAgain<Idempotent> = [Idempotent] extends [true]
  ? unknown
  : 'A query runs again at any time: declare the call with `idempotent: true`, or use mutationOptions'

/** The input may be left out where it may be `undefined`. */
export type WithInput<Input> = undefined extends Input
  ? { readonly input?: NoInfer<Input> }
  : { readonly input: NoInfer<Input> }

/** What TanStack takes, but for what is made here. */
export type CallQueryOptions<Data, Failure, Selected> = Omit<
  QueryObserverOptions<Data, Failure, Selected, Data, QueryKey>,
  'queryKey' | 'queryFn' | 'queryHash' | 'queryKeyHashFn' | 'suspense' | '_defaulted' | '_optimisticResults'
>

/**
 * Options for `useQuery`, `useSuspenseQuery`, `prefetchQuery` and all else that takes a query's. `Given` is `SkipToken`
 * where the input may be.
 */
export type CallQuery<Data, Failure, Selected, Given> = CallQueryOptions<Data, Failure, Selected> & {
  readonly queryKey: DataTag<QueryKey, Data, Failure>
  /** By TanStack's own name for it: `fetchQuery` of older versions (5.90) takes no other. */
  readonly queryFn: QueryFunction<Data, QueryKey> | (SkipToken extends Given ? SkipToken : never)
}

/**
 * A call as a query of TanStack Query. It takes calls that the contract declares `idempotent: true`: a query runs again
 * when its page is shown, mounted or comes online.
 *
 * Default `retry`: up to 3 times, and only for `OUTBOX_FULL`, `OVERLOADED`, `RATE_LIMITED`, `TIMEOUT` and
 * `OUTCOME_UNKNOWN`; never on a server. Default `networkMode`: `'always'`, because Parley itself waits for the connection, and says
 * when that took too long.
 *
 * @param options `input`, which may be `skipToken`, and any of TanStack's own.
 * @throws ParleyError `BAD_OPTIONS` for a call that may not run again; `NOT_SERIALIZABLE` for an input.
 * @example
 * const { data, error } = useQuery(queryOptions(client.rooms.list))
 * @example
 * useQuery(queryOptions(client.rooms.find, { input: id ? { id } : skipToken, staleTime: 60_000 }))
 */
export function queryOptions<Input, Output, Declared, Idempotent extends boolean, Selected = Cached<Output>>(
  call: Caller<Input, Output, Declared, Idempotent> & MayRunAgain<Idempotent>,
  ...[options]: undefined extends Input
    ? [options?: CallQueryOptions<Cached<Output>, RequestError<Declared>, Selected> & WithInput<Input>]
    : [options: CallQueryOptions<Cached<Output>, RequestError<Declared>, Selected> & WithInput<Input>]
): CallQuery<Cached<Output>, RequestError<Declared>, Selected, never>
// Two, as a type that is made of what was given would have no unknown field.
export function queryOptions<Input, Output, Declared, Idempotent extends boolean, Selected = Cached<Output>>(
  call: Caller<Input, Output, Declared, Idempotent> & MayRunAgain<Idempotent>,
  options: CallQueryOptions<Cached<Output>, RequestError<Declared>, Selected> & WithInput<Input | SkipToken>,
): CallQuery<Cached<Output>, RequestError<Declared>, Selected, SkipToken>
export function queryOptions(call: unknown, options: object = {}): unknown {
  const run = call as AnyCaller
  requireMayRunAgain(run)
  const { input, ...rest } = options as { readonly input?: unknown }
  return {
    ...queryDefaults,
    ...rest,
    queryKey: keyOfQuery(run, input),
    queryFn:
      typeof input === 'symbol'
        ? input // skipToken, of whichever copy of TanStack Query the application has
        : async ({ signal }: QueryFunctionContext) => (await run(input, { signal })) ?? null,
  }
}

/** @throws ParleyError `BAD_OPTIONS` */
export function requireMayRunAgain(call: AnyCaller): void {
  const { path, idempotent } = call['~call']
  if (idempotent) return
  throw new ParleyError(
    'BAD_OPTIONS',
    `'${path}' is no query: a query runs again at any time. Declare the call with \`idempotent: true\`, or use mutationOptions`,
  )
}
