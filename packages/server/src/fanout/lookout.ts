import type { Member } from './member.js'

/** How much may be published before somebody looks at the queues, at most. */
const mostBytesBetweenLooks = 262_144

/**
 * Finds those who queue too much of what is published natively: a publish says only that somebody queues. All topics of
 * a node share one, so that a slow socket on many of them is found as soon as one on a single topic: whatever it
 * queues was published since the last look, by a topic that somebody queued.
 */
export class Lookout {
  readonly #queuedBytes: number
  readonly #bytesBetweenLooks: number
  /** The members of each topic that somebody queued since the last look. */
  readonly #suspects = new Set<ReadonlySet<Member>>()
  #bytes = 0

  /** @param queuedBytes what a member may queue before it leaves the live set. */
  constructor(queuedBytes: number) {
    this.#queuedBytes = queuedBytes
    this.#bytesBetweenLooks = Math.min(mostBytesBetweenLooks, queuedBytes / 4)
  }

  /** So many bytes went to these members; `someQueue`: the publish said so of one of them, perhaps of events before. */
  published(members: ReadonlySet<Member>, bytes: number, someQueue: boolean): void {
    if (someQueue) this.#suspects.add(members)
    this.#bytes += bytes
    if (this.#bytes < this.#bytesBetweenLooks) return
    this.#bytes = 0
    const suspects = [...this.#suspects]
    this.#suspects.clear()
    for (const suspect of suspects) {
      for (const member of [...suspect]) if (member.queued() > this.#queuedBytes) member.overflowed()
    }
  }
}
