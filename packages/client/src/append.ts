import { ParleyError } from '@parley/shared'

/** A reducer for lists, whatever their items. */
export type Append = <Item>(items: readonly Item[], event: { readonly data: Item }) => Item[]

/**
 * A ready reducer for `useChannel`: the last `limit` items, oldest first.
 *
 * @param limit How many, at least 1.
 * @param key An item whose key is in the list already is dropped.
 * @throws ParleyError `BAD_OPTIONS` for a limit that is none.
 * @example
 * const { state } = useChannel(room, append(50), { data: messages, events: ['message'] })
 */
export function append(limit: number): Append
export function append<Item>(
  limit: number,
  key: (item: Item) => unknown,
): (items: readonly Item[], event: { readonly data: Item }) => Item[]
export function append<Item>(
  limit: number,
  key?: (item: Item) => unknown,
): (items: readonly Item[], event: { readonly data: Item }) => Item[] {
  if (!(limit >= 1)) throw new ParleyError('BAD_OPTIONS', `append: ${limit} is no limit; give at least 1`)
  return (items, { data }) => {
    // The same array, so that nothing is drawn again; whoever gave it gets it back, and may write to it.
    if (key && items.some((item) => Object.is(key(item), key(data)))) return items as Item[]
    return [...items, data].slice(-limit)
  }
}
