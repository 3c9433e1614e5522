/** A query that is kept live: fetched once, by a call that gives data and its position, and from there on by events. */
import type { RequestError } from '@parley/shared/internal'
import type { Query, QueryFunctionContext, SkipToken } from '@tanstack/query-core'
import type { Caller } from '../handles.js'
import { withPosition } from '../mending.js'
import type { ReadingHalf, TopicEventOf } from '../reading-half.js'
import { type AnyCaller, keyOfQuery } from './key.js'
import { isKnown, keepLive } from './live-queries.js'
import { type LiveData, type LiveSpec, specOf } from './live-reader.js'
import {
  type CallQuery,
  type CallQueryOptions,
  type MayRunAgain,
  requireMayRunAgain,
  type WithInput,
} from './query-options.js'
import { queryDefaults } from './retry.js'

/** Options for all that takes a query's. */
export type LiveQuery<Data, Failure, Selected, Given> = CallQuery<LiveData<Data>, Failure, Selected, Given>

/** What an item of a list is. */
type ItemOf<Data> = Data extends readonly (infer Item)[] ? Item : never

/** What an event gives. */
type DataOf<Event> = Event extends { readonly data: infer Data } ? Data : never

/** The events of a topic that have one of these names. */
type EventNamed<Names, Events, Times extends boolean> = Extract<
  TopicEventOf<Events, Times>,
  { readonly name: Names }
>

/** Options of {@link liveOptions}. */
export type LiveOptions<Input, Data, Declared, Selected, Event, Names> = Omit<
  CallQueryOptions<LiveData<Data>, RequestError<Declared>, Selected>,
  | 'select'
  | 'staleTime'
  | 'refetchInterval'
  | 'refetchIntervalInBackground'
  | 'refetchOnMount'
  | 'structuralSharing'
> &
  WithInput<Input> & {
    /** Only events of these names are reduced. Default: all. */
    readonly events?: readonly Names[]
    /**
     * Names an item: an event whose key was there before - in what was loaded, if that is a list, or in an earlier event -
     * is dropped. What is emitted between the position and the load is in the data already, and comes once more; with
     * a key it is there once. What has no key (`undefined`) is not dropped.
     */
    readonly key?: (item: NoInfer<DataOf<Event> | ItemOf<Data>>) => unknown
    /**
     * Makes the next data of an event. The one of the latest render is used, and so are `key` and `events`; it must change
     * nothing. One that gives the data that it got draws nothing.
     */
    readonly reduce: (data: NoInfer<Data>, event: NoInfer<Event>) => NoInfer<Data>
    /** What is made of the data for whoever shows it. Default: the data. */
    readonly select?: (data: NoInfer<Data>) => Selected
  }

/**
 * A query that is kept live from a channel. The call gives what `hub.snapshot` gave, `{ data, position }`; each event
 * after that position is then reduced into the data, exactly once and in order, while somebody observes the query:
 * over cuts, refetches and remounts, and from a server's prefetch on. All observers of a key share one reader, which
 * ends with the last of them.
 *
 * At a gap the data stays as it was before that, and the query is stale (`isStale`), until it was fetched again, with
 * back-off until that succeeds; `error` says why one failed. It says so, too, where the server refuses the topic, or the
 * client is closed, until the topic is live again.
 *
 * It needs no `staleTime` and no `refetchInterval`: it is not fetched again by itself unless it is invalidated.
 *
 * @param channel The topic whose events keep the data live: the one that is meant by the input. `skipToken` while it is not known.
 * @throws ParleyError `BAD_OPTIONS`, `NOT_SERIALIZABLE` as `queryOptions` does.
 * @example
 * const { data: lines } = useQuery(liveOptions(client.rooms.lines, client.room({ id }), {
 *   input: { id },
 *   events: ['message'],
 *   key: (line) => line.id,
 *   reduce: append(50),
 * }))
 */
export function liveOptions<
  Input,
  Data,
  Declared,
  Idempotent extends boolean,
  Events,
  Times extends boolean,
  const Names extends keyof Events & string = keyof Events & string,
  Selected = Data,
>(
  call: Caller<Input, { data: Data; position: string }, Declared, Idempotent> & MayRunAgain<Idempotent>,
  channel: ReadingHalf<Events, Times>,
  options: LiveOptions<Input, Data, Declared, Selected, EventNamed<Names, Events, Times>, Names>,
): LiveQuery<Data, RequestError<Declared>, Selected, never>
export function liveOptions<
  Input,
  Data,
  Declared,
  Idempotent extends boolean,
  Events,
  Times extends boolean,
  const Names extends keyof Events & string = keyof Events & string,
  Selected = Data,
>(
  call: Caller<Input, { data: Data; position: string }, Declared, Idempotent> & MayRunAgain<Idempotent>,
  channel: ReadingHalf<Events, Times> | SkipToken,
  options: LiveOptions<Input | SkipToken, Data, Declared, Selected, EventNamed<Names, Events, Times>, Names>,
): LiveQuery<Data, RequestError<Declared>, Selected, SkipToken>
export function liveOptions(call: unknown, channel: unknown, options: object): unknown {
  const run = call as AnyCaller
  requireMayRunAgain(run)
  const { input, events, key, reduce, select, ...rest } = options as Given
  const spec: LiveSpec = {
    channel: channel as LiveSpec['channel'],
    events: events && new Set(events),
    key,
    reduce,
  }

  async function load({ client, queryKey, signal }: QueryFunctionContext): Promise<LiveData<unknown>> {
    const query = client.getQueryCache().find({ queryKey }) as Query
    const isFirst = !isKnown(query)
    keepLive(client, query, spec)
    // From a server, or from a store: whoever has data and position needs no more than to read on.
    const held = query.state.data as LiveData<unknown> | undefined
    if (isFirst && held && query.isActive() && !query.state.isInvalidated) return held
    return withPosition((await run(input, { signal })) as LiveData<unknown>, run['~call'].path)
  }

  return {
    ...queryDefaults,
    ...rest,
    queryKey: keyOfQuery(run, input, [{ live: true }]),
    queryFn: [input, channel].find((given) => typeof given === 'symbol') ?? Object.assign(load, { spec }),
    select: selectOf(select ?? whole),
    staleTime: Number.POSITIVE_INFINITY,
    // Data that no fetch of this page brought - from a server, or from a store - is live from the first fetch on; where it
    // comes to a query that is observed already, as while a server streams, this is what makes TanStack ask for one. A
    // function that the application put in the place of this one would be asked for ever. Before it is observed, as in the
    // first render of a page, it does not fetch, as it did not on the server.
    refetchOnMount: (query: Query) => isKnown(query) || !query.isActive() || 'always',
    refetchInterval: (query: Query) =>
      specOf(query) && query.state.data !== undefined && !isKnown(query) && 1,
    refetchIntervalInBackground: true,
  }
}

/** The options, whatever their types. */
interface Given extends Omit<LiveSpec, 'channel' | 'events'> {
  readonly input?: unknown
  readonly events?: readonly string[]
  readonly select?: (data: never) => unknown
}

const whole = (data: unknown): unknown => data

/** What `select` is for each function: the same one, so that TanStack need not run it again. */
const selects = new WeakMap<object, (live: LiveData<never>) => unknown>()

function selectOf(select: (data: never) => unknown): (live: LiveData<never>) => unknown {
  const known = selects.get(select)
  if (known) return known
  const made = ({ data }: LiveData<never>): unknown => select(data)
  selects.set(select, made)
  return made
}
