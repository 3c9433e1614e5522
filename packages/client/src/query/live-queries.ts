/** The live queries of each cache: who of them is observed, and what is put there, is heard from the cache itself. */
import type { Query, QueryCache, QueryClient } from '@tanstack/query-core'
import { LiveReader, type LiveSpec } from './live-reader.js'

const caches = new WeakMap<QueryCache, WeakMap<Query, LiveReader>>()

/** Queries that were seen, and so are kept live while they are observed. */
const known = new WeakSet<Query>()

export function isKnown(query: object): boolean {
  return known.has(query as Query)
}

/** Keeps a query live from now on. */
export function keepLive(client: QueryClient, query: Query, spec: LiveSpec): void {
  const cache = client.getQueryCache()
  const readers = caches.get(cache) ?? listen(cache)
  known.add(query)
  const reader = readers.get(query)
  if (reader) reader.use(spec)
  else readers.set(query, new LiveReader(cache, query, spec))
}

/** The cache holds this, and nothing else does: it goes with the cache. */
function listen(cache: QueryCache): WeakMap<Query, LiveReader> {
  const readers = new WeakMap<Query, LiveReader>()
  caches.set(cache, readers)
  cache.subscribe(({ query }) => readers.get(query)?.follow())
  return readers
}
