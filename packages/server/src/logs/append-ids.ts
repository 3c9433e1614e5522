import { appendDedupMs } from '@parley/shared/internal'

/**
 * Remembers which entries were appended of late, so that a repeated append is no second event. Two generations: when
 * the younger one has lasted `appendDedupMs` the older one is dropped whole, so an id is known for that long at
 * least and twice as long at most, and forgetting costs nothing per id.
 */
export class AppendIds {
  readonly #mostPerGeneration: number
  #young = new Map<string, number>()
  #old = new Map<string, number>()
  #youngSince = 0

  /** @param most ids that are remembered at once; beyond, the older generation is dropped before its time. */
  constructor(most: number) {
    this.#mostPerGeneration = Math.max(1, Math.floor(most / 2))
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** Remembers an entry at an offset, unless it is a repeat: then the offset of the first one is the answer. */
  claim(topic: string, name: string, id: string, offset: number, now: number): number | undefined {
    this.#turn(now)
    const key = keyOf(topic, name, id)
    const earlier = this.#young.get(key) ?? this.#old.get(key)
    if (earlier === undefined) this.#young.set(key, offset)
    return earlier
  }

  /** Forgets entries that the log itself lost, so that a repeat stores them again. */
  forgetAbove(offset: number): void {
    for (const ids of [this.#young, this.#old]) {
      for (const [key, at] of ids) if (at > offset) ids.delete(key)
    }
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }

  #turn(now: number): void {
    const age = now - this.#youngSince
    if (age < appendDedupMs && this.#young.size < this.#mostPerGeneration) return
    this.#old = age < 2 * appendDedupMs ? this.#young : new Map()
    this.#young = new Map()
    this.#youngSince = now
  }
}

/** A length stands first, so that no two triples have one key. */
function keyOf(topic: string, name: string, id: string): string {
  return `${name.length}.${name}${id.length}.${id}${topic}`
}
