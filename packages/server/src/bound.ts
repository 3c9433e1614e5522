/**
 * What a handler emits through its own `topics`, `emit` and `others` belongs to its run: it is stored before the
 * message is acknowledged or the call answered, and refused once the run is over. In a `once` handler it is held until
 * there is an outcome to store it with, so nobody may wait for its position: that would be for ever.
 */
import { ParleyError } from '@parley/shared'
import { formatPosition, type Topic } from '@parley/shared/internal'
import type { OnceEmit } from './logs/log.js'
import type { EmitOptions, Topics } from './topics.js'

export class BoundEmits {
  readonly #topics: Topics
  /** Those that are not stored yet, and those that could not be. A stream may emit for hours. */
  readonly #emits = new Set<Promise<unknown>>()
  #count = 0
  readonly #holds: boolean
  readonly #held: OnceEmit[] = []
  #over = false

  /** @param holds keep what is emitted, to be stored with the outcome. */
  constructor(topics: Topics, holds: boolean) {
    this.#topics = topics
    this.#holds = holds
  }

  /** What was checked and waits for the outcome. */
  get held(): readonly OnceEmit[] {
    return this.#held
  }

  emit(topic: Topic, name: string, data: unknown, options: EmitOptions): Promise<string | undefined> {
    if (this.#over) {
      throw new ParleyError('ABORTED', `cannot emit '${name}' on '${topic.key}': the handler's run is over`)
    }
    if (this.#holds) {
      this.#held.push(this.#topics.check(topic, name, data, options))
      return Promise.resolve(undefined)
    }
    const position = this.#topics.emit(topic, name, data, options).then(formatPosition)
    this.#count += 1
    this.#emits.add(position)
    position.then(
      () => this.#emits.delete(position),
      () => {}, // `stored` tells the run of it, whether or not the handler waits for this promise
    )
    return position
  }

  /** Resolves when everything emitted is stored, rejects with the first failure. Later emits are refused. */
  async stored(): Promise<void> {
    // what is emitted by somebody who waited for an emit of this run belongs to the run as well
    for (let known = -1; known !== this.#count; ) {
      known = this.#count
      await Promise.all(this.#emits)
    }
    this.end()
  }

  /** Later emits are refused. */
  end(): void {
    this.#over = true
  }

  /** Tells of each emit that was not stored: for a run that failed before it asked. */
  tellUnstored(tell: (error: unknown) => void): void {
    for (const position of this.#emits) position.catch(tell)
  }
}
