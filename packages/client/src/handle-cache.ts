/**
 * Handles by the key of their topic: one for each, as long as somebody holds it. Weak, because a page that shows one
 * room after another would otherwise keep them all.
 */
export class HandleCache<Handle extends object> {
  readonly #handles = new Map<string, WeakRef<Handle>>()
  readonly #gone = new FinalizationRegistry<string>((key) => {
    if (!this.#handles.get(key)?.deref()) this.#handles.delete(key)
  })

  get(key: string, make: () => Handle): Handle {
    const known = this.#handles.get(key)?.deref()
    if (known) return known
    const handle = make()
    this.#handles.set(key, new WeakRef(handle))
    this.#gone.register(handle, key)
    return handle
  }
}
