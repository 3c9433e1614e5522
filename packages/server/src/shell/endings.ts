/**
 * Who was sent away of late: whoever was still being asked about then, by `context` or `join`, must not come in on an
 * answer from before.
 */

/** Of a member, of a topic, or of one on the other. */
export interface Ending {
  readonly member?: string
  readonly topicKey?: string
  readonly code: string
  readonly message: string
}

/** More than come while one `context` is asked; whoever was asked about for longer than that is told to ask again. */
const mostKept = 1_000

const forgotten: Ending = { code: 'OVERLOADED', message: 'too much changed meanwhile: come back' }

export class Endings {
  readonly #kept: Ending[] = []
  /** How many came before those that are kept. */
  #before = 0

  /** To be given to `since` later. */
  get now(): number {
    return this.#before + this.#kept.length
  }

  add(ending: Ending): void {
    this.#kept.push(ending)
    if (this.#kept.length <= mostKept) return
    this.#before += this.#kept.splice(0, mostKept / 2).length
  }

  /** What ended a member's rights, or those of all on a topic, since `then`. */
  since(then: number, member: string | undefined, topicKey?: string): Ending | undefined {
    if (then < this.#before) return forgotten
    return this.#kept
      .slice(then - this.#before)
      .find(
        (ending) =>
          (ending.member === undefined || ending.member === member) &&
          (ending.topicKey === undefined || ending.topicKey === topicKey),
      )
  }
}
