/** Who is told of the holes in front of a topic's listeners. */
import type { Report } from '@parley/shared'
import type { CallListener } from './listening.js'
import type { ReadGap } from './sink.js'

export class GapListeners {
  readonly #path: string
  readonly #report: (report: Report) => void
  readonly #call: CallListener
  readonly #listeners = new Map<object, (gap: ReadGap) => unknown>()
  /** The holes that were told while one input was carried out. */
  readonly #told = new Set<string>()

  /** @param path The topic's key, for reports. */
  constructor(path: string, report: (report: Report) => void, call: CallListener) {
    this.#path = path
    this.#report = report
    this.#call = call
  }

  get size(): number {
    return this.#listeners.size
  }

  /** The result removes it. */
  add(listener: (gap: ReadGap) => unknown): () => void {
    const key = {} // the same function may listen twice
    this.#listeners.set(key, listener)
    return () => this.#listeners.delete(key)
  }

  /** One reader met a hole. Readers that met the same one together are told of it once; nobody to tell is reported. */
  tell(gap: ReadGap): void {
    const { after, first, reason } = gap
    const hole = `${after} ${first} ${reason}`
    if (this.#told.has(hole)) return
    this.#told.add(hole)
    if (this.#listeners.size === 0) {
      const message = `events after ${after} up to ${first} can no longer be had (${reason}), and no onGap listens`
      this.#report({ kind: 'gap-unheard', message, path: this.#path })
    }
    for (const [key, listener] of [...this.#listeners]) {
      if (this.#listeners.has(key)) this.#call('onGap', () => listener(gap))
    }
  }

  /** What comes from now on is not together with what came before. */
  forgetTold(): void {
    this.#told.clear()
  }
}
