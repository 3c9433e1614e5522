import { useInsertionEffect, useRef } from 'react'

/** What the last render was given, for what happens between renders. */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value)
  // the first of a commit's effects, so that whoever subscribes or unsubscribes in a later one finds it in place
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}
