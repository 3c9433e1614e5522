/**
 * What one subscriber is told of who is present: the whole list in pages, and the changes.
 *
 * Promise: who takes what it is sent, in order, has the truth once the list is complete, and after each change from then
 * on; however pages and changes mix, and however slow it is: one that queues too much is told nothing until it has
 * caught up, and then the whole list anew.
 *
 *   behind --page--> listing --last page--> live        listing, live --a change finds it full--> behind
 *
 * An entry may be in a page and in a change: a change of an entry that was not listed yet adds it, and its page says the
 * same. What a list that was broken off had brought is taken back by an empty page with more to come.
 */
import type { Presence, PresenceEntry } from './presence.js'

export interface PresencePage<S> {
  readonly entries: readonly PresenceEntry<S>[]
  /** Another page follows. */
  readonly more: boolean
}

export class PresenceFeed<S> {
  readonly #presence: Pick<Presence<S>, 'entries'>
  readonly #sizeOf: (entry: PresenceEntry<S>) => number
  readonly #pageBytes: number
  #mode: 'behind' | 'listing' | 'live' = 'behind'
  #rest: Generator<PresenceEntry<S>, void> | undefined
  /** Something was sent that may be a part of a list that was broken off. */
  #isVoid = false

  /** @param pageBytes a page ends with the entry that takes it over this. */
  constructor(
    presence: Pick<Presence<S>, 'entries'>,
    sizeOf: (entry: PresenceEntry<S>) => number,
    pageBytes: number,
  ) {
    this.#presence = presence
    this.#sizeOf = sizeOf
    this.#pageBytes = pageBytes
  }

  /** The next page, to be sent at once. */
  page(): PresencePage<S> {
    if (this.#isVoid) {
      this.#isVoid = false
      this.#mode = 'listing'
      return { entries: [], more: true }
    }
    this.#rest ??= this.#presence.entries()
    const entries: PresenceEntry<S>[] = []
    let bytes = 0
    do {
      const { value: entry } = this.#rest.next()
      if (!entry) {
        this.#mode = 'live'
        this.#rest = undefined
        return { entries, more: false }
      }
      entries.push(entry)
      bytes += this.#sizeOf(entry)
    } while (bytes < this.#pageBytes)
    this.#mode = 'listing'
    return { entries, more: true }
  }

  /** Something changed. @returns Whether it is to be told; else the pages to come say it. */
  changed(isFull: boolean): boolean {
    if (this.#mode === 'behind') return false
    if (isFull) this.lost()
    return !isFull
  }

  /** What was sent last did not go out, or must not: the list begins anew. */
  lost(): void {
    if (this.#mode !== 'behind') this.#isVoid = true
    this.#mode = 'behind'
    this.#rest = undefined
  }
}
