/** The queries that are kept live: who of them is observed, and what is put there, is heard from their caches. */
import type { Query, QueryCache, QueryClient } from '@tanstack/query-core'
import { LiveReader, type LiveSpec } from './live-reader.js'

/** Each goes with its query. */
const readers = new WeakMap<Query, LiveReader>()

/** Caches that are listened to. */
const heard = new WeakSet<QueryCache>()

export function isKnown(query: object): boolean {
  return readers.has(query as Query)
}

/** Keeps a query live from now on, while it is observed. */
export function keepLive(client: QueryClient, query: Query, spec: LiveSpec): void {
  const cache = client.getQueryCache()
  if (!heard.has(cache)) {
    heard.add(cache)
    cache.subscribe((event) => readers.get(event.query)?.follow())
  }
  const reader = readers.get(query)
  if (reader) reader.follow(spec)
  else readers.set(query, new LiveReader(cache, query, spec))
}
