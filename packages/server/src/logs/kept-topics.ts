import { KeptTopic, type Loss } from './kept-topic.js'
import type { LogTopic } from './log.js'

const nothingLost: Loss = { offset: 0, reason: 'trimmed' }

/**
 * All topics that a memory log holds, within bounds: when they weigh too much, or are too many, the ones that were
 * idle longest are given up, those that keep the latest values last. Of what was given up one number remains.
 */
export class KeptTopics {
  readonly #maxBytes: number
  readonly #maxTopics: number
  // a Map remembers the order of insertion: whoever is used is moved to its end
  #windows = new Map<string, KeptTopic>()
  #latest = new Map<string, KeptTopic>()
  #weight = 0
  #evictedUpTo = 0

  constructor(maxBytes: number, maxTopics: number) {
    this.#maxBytes = maxBytes
    this.#maxTopics = maxTopics
  }

  get count(): number {
    return this.#windows.size + this.#latest.size
  }

  /** Memory that all topics take, about. */
  get weight(): number {
    return this.#weight
  }

  /** What a topic that is not held must be taken to have lost. */
  get evicted(): Loss {
    return this.#evictedUpTo === 0 ? nothingLost : { offset: this.#evictedUpTo, reason: 'trimmed' }
  }

  /** Works on a topic that is held, and counts it as used. */
  use(topic: LogTopic, work: (kept: KeptTopic) => void): KeptTopic | undefined {
    const kept = this.#windows.get(topic.key) ?? this.#latest.get(topic.key)
    if (kept) this.#work(kept, work)
    return kept
  }

  /** The same, with a topic that need not be held yet. */
  open(topic: LogTopic, work: (kept: KeptTopic) => void): KeptTopic {
    const known = this.use(topic, work)
    if (known) return known
    const kept = new KeptTopic(topic.key, topic.retention, this.evicted)
    this.#weight += kept.weight
    this.#work(kept, work)
    return kept
  }

  /** Makes room, at the cost of `current` after that of other windows. Gives the keys of `latest` topics that had to go. */
  makeRoom(current: KeptTopic): string[] {
    const gone: string[] = []
    while (this.#isOver()) {
      const idle = first(this.#windows)
      if (idle === current && current.ring.length > 0) {
        this.#weigh(current, () => current.drop('trimmed'))
        continue
      }
      const victim = idle ?? first(this.#latest)
      if (!victim) break
      if (victim.latest) gone.push(victim.key)
      this.#evict(victim)
    }
    return gone
  }

  /** Forgets that there ever was anything above an offset. */
  cutAbove(offset: number): void {
    for (const topics of [this.#windows, this.#latest]) {
      for (const kept of topics.values()) this.#weigh(kept, () => kept.cutAbove(offset))
    }
    this.#evictedUpTo = Math.min(this.#evictedUpTo, offset)
  }

  clear(): void {
    this.#windows.clear()
    this.#latest.clear()
    this.#weight = 0
  }

  #isOver(): boolean {
    return this.#weight > this.#maxBytes || this.count > this.#maxTopics
  }

  #work(kept: KeptTopic, work: (kept: KeptTopic) => void): void {
    const before = kept.latest ? this.#latest : this.#windows
    before.delete(kept.key)
    this.#weigh(kept, () => work(kept))
    const after = kept.latest ? this.#latest : this.#windows
    after.set(kept.key, kept)
  }

  #weigh(kept: KeptTopic, work: () => void): void {
    const before = kept.weight
    work()
    this.#weight += kept.weight - before
  }

  #evict(kept: KeptTopic): void {
    const topics = kept.latest ? this.#latest : this.#windows
    topics.delete(kept.key)
    this.#weight -= kept.weight
    this.#evictedUpTo = Math.max(this.#evictedUpTo, kept.newest)
  }
}

function first(topics: Map<string, KeptTopic>): KeptTopic | undefined {
  return topics.values().next().value
}
