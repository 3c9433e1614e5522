/** A reducer for lists, whatever their items. */
export type Append = <Item>(items: readonly Item[], event: { readonly data: Item }) => Item[]

/**
 * A ready reducer for `useChannel`: the last `limit` items, oldest first.
 *
 * @param key An item whose key is in the list already is dropped.
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
  return (items, { data }) => {
    // The same array, so that nothing is drawn again; whoever gave it gets it back, and may write to it.
    if (key && items.some((item) => Object.is(key(item), key(data)))) return items as Item[]
    return [...items, data].slice(-limit)
  }
}
