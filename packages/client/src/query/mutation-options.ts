/** A call as a mutation, and what becomes of the page when nobody knows whether it ran. */
import type { RequestError } from '@parley/shared/internal'
import type {
  MutationFunctionContext,
  MutationObserverOptions,
  QueryClient,
  QueryKey,
} from '@tanstack/query-core'
import type { Caller, Of, Send } from '../handles.js'
import type { Surroundings } from '../shell/surroundings.js'
import { type AnyCaller, keyOfPath } from './key.js'
import { isUnknown, retryMutation } from './retry.js'

/** What TanStack takes, but for what is made here, and what is Parley's. */
export interface CallMutationOptions<Output, Failure, Variables, Kept>
  extends Omit<MutationObserverOptions<Output, Failure, Variables, Kept>, 'mutationFn' | '_defaulted'> {
  /**
   * Keys of what the mutation changes, as `queryKey` makes them. They are fetched again once it succeeded: before
   * `onSuccess`, and the mutation is pending until then. So they are where it may have run (`OUTCOME_UNKNOWN`,
   * `TIMEOUT`): after `onError` and `onSettled`, and nobody waits for that.
   */
  readonly invalidates?: readonly QueryKey[]
  /**
   * Called in the place of `onError` where it may have run: `OUTCOME_UNKNOWN` or `TIMEOUT`. An optimistic update
   * should then be left to what `invalidates` fetches. Default: `onError` is called. Give both of them here: an `onError`
   * beside the options that are made takes the place of both.
   */
  readonly onOutcomeUnknown?: (
    error: Failure,
    variables: Variables,
    kept: Kept | undefined,
    context: MutationFunctionContext,
  ) => unknown
}

/** Options for `useMutation`. */
export type CallMutation<Output, Failure, Variables, Kept> = Omit<
  MutationObserverOptions<Output, Failure, Variables, Kept>,
  'mutationFn' | 'mutationKey'
> & {
  readonly mutationKey: QueryKey
  readonly mutationFn: (variables: Variables, context: MutationFunctionContext) => Promise<Output>
}

/**
 * A call as a mutation of TanStack Query. Default `retry`: up to 3 times, and only where nothing ran (`OUTBOX_FULL`,
 * `OVERLOADED`, `RATE_LIMITED`). Default `networkMode`: `'always'`: away, Parley itself keeps it, within bounds.
 *
 * @example
 * const create = useMutation(mutationOptions(client.rooms.create, { invalidates: [queryKey(client.rooms.list)] }))
 * create.mutate({ name })
 * if (create.error?.code === 'NAME_TAKEN') suggest(create.error.data.suggestion)
 */
export function mutationOptions<Input, Output, Declared, Idempotent extends boolean, Kept = unknown>(
  call: Caller<Input, Output, Declared, Idempotent>,
  options: CallMutationOptions<Output, RequestError<Declared>, VariablesOf<Input>, Kept> = {},
): CallMutation<Output, RequestError<Declared>, VariablesOf<Input>, Kept> {
  const run = call as unknown as AnyCaller
  return mutation(keyOfPath(run), (variables) => run(variables), options)
}

/**
 * A message of a topic as a mutation, as `mutationOptions` makes one of a call. Messages on one topic are handled in the
 * order sent, without a `scope`.
 *
 * @example
 * const say = useMutation(sendOptions(client.room({ id }), 'say'))
 * say.mutate({ text: 'hello' })
 */
export function sendOptions<Messages, Name extends keyof Messages & string, Kept = unknown>(
  channel: { readonly send: Send<Messages>; readonly '~surroundings': Surroundings },
  name: Name,
  options: CallMutationOptions<
    Of<Messages[Name], 'output'>,
    RequestError<Of<Messages[Name], 'error'>>,
    VariablesOf<Of<Messages[Name], 'input'>>,
    Kept
  > = {},
): CallMutation<
  Of<Messages[Name], 'output'>,
  RequestError<Of<Messages[Name], 'error'>>,
  VariablesOf<Of<Messages[Name], 'input'>>,
  Kept
> {
  // The arguments are typed by the message, which is not known here.
  const send = channel.send as unknown as (name: string, input: unknown) => Promise<unknown>
  const key = ['parley', channel['~surroundings'].key, name]
  return mutation(key, async (variables) => send(name, variables), options)
}

function mutation<Output, Failure, Variables, Kept>(
  mutationKey: QueryKey,
  run: (variables: Variables) => Promise<unknown>,
  options: CallMutationOptions<Output, Failure, Variables, Kept>,
): CallMutation<Output, Failure, Variables, Kept> {
  const { invalidates = [], onOutcomeUnknown, onError, ...rest } = options
  return {
    networkMode: 'always',
    retry: retryMutation,
    mutationKey,
    ...rest,
    // here, and not in `onSettled`, which whoever spreads these options may have an own one of
    async mutationFn(variables, { client }) {
      const invalidate = () =>
        Promise.allSettled(
          invalidates.map(async (queryKey) => client.invalidateQueries({ queryKey: [...queryKey] })),
        )
      try {
        const output = await run(variables)
        // awaited, so that the mutation is pending until the page shows what came of it; what fails is that query's error
        await invalidate()
        return output as Output
      } catch (error) {
        if (isUnknown(error)) afterwards(client, error, invalidate)
        throw error
      }
    },
    onError: (error, variables, kept, context) =>
      onOutcomeUnknown && isUnknown(error)
        ? onOutcomeUnknown(error, variables, kept, context)
        : onError?.(error, variables, kept, context),
  } as CallMutation<Output, Failure, Variables, Kept>
}

/** Runs once a failure was told: `onError` may roll back, and what is fetched comes after that. */
function afterwards(client: QueryClient, failure: unknown, run: () => unknown): void {
  const stop = client.getMutationCache().subscribe((event) => {
    const action = event.type === 'updated' ? event.action : undefined
    if (action?.type !== 'error' && action?.type !== 'failed') return
    if (action.error !== failure) return
    stop()
    run()
  })
}

/** TanStack's word for "nothing is passed" is `void`. */
type VariablesOf<Input> = [Input] extends [undefined] ? void : Input
