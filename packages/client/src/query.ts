export { type Append, append } from './append.js'
export { queryKey } from './query/key.js'
export { type LiveOptions, type LiveQuery, liveOptions } from './query/live-options.js'
export type { LiveData } from './query/live-reader.js'
export {
  type CallMutation,
  type CallMutationOptions,
  mutationOptions,
  sendOptions,
} from './query/mutation-options.js'
export { type CallQuery, type CallQueryOptions, queryOptions } from './query/query-options.js'
