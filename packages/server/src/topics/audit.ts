/**
 * Every hop counts: what a log passes on may be lost on the way to this node, and if nothing else is emitted, nobody
 * would notice. While something is read here, the node compares where it is with the log's head, slowly and not in step
 * with other nodes. A node that is behind gets a moment, for what is still on its way; then it is told.
 */
import type { Clock, Position } from '@parley/shared/internal'

export interface AuditOptions {
  readonly clock: Clock
  /** About how often. */
  readonly everyMs: number
  /** Asks the log for its head. */
  readonly head: () => Promise<Position>
  /** What this node has heard of. */
  readonly heard: () => Position
  /** The node is behind this position of the log, and does not come after. */
  readonly behind: (head: Position) => Promise<void>
  /** The log could not be asked. */
  readonly failed: (error: unknown) => void
}

/** How long something may be on its way. */
const graceMs = 2_000

export class Audit {
  readonly #options: AuditOptions
  #cancel: (() => void) | undefined
  /** Counts the starts: what was under way at a stop is of no interest after it. */
  #run = 0

  constructor(options: AuditOptions) {
    this.#options = options
  }

  start(): void {
    const { clock, everyMs } = this.#options
    const run = ++this.#run
    this.#after(run, everyMs * (0.75 + clock.random() / 2), () => this.#look(run))
  }

  stop(): void {
    this.#run++
    this.#cancel?.()
    this.#cancel = undefined
  }

  #after(run: number, ms: number, then: () => Promise<void>): void {
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#cancel = undefined
      then().catch((error: unknown) => {
        if (run !== this.#run) return
        this.#options.failed(error)
        this.start()
      })
    })
  }

  async #look(run: number): Promise<void> {
    const head = await this.#options.head()
    if (run !== this.#run) return
    if (this.#isAt(head)) this.start()
    else this.#after(run, graceMs, () => this.#lookAgain(run, head))
  }

  async #lookAgain(run: number, before: Position): Promise<void> {
    if (!this.#isAt(before)) {
      const head = await this.#options.head()
      if (run !== this.#run) return
      // a new epoch of the log may still be on its way: with the next look
      if (head.epoch === before.epoch && !this.#isAt(before)) await this.#options.behind(head)
    }
    if (run === this.#run) this.start()
  }

  #isAt({ epoch, offset }: Position): boolean {
    const heard = this.#options.heard()
    return heard.epoch === epoch && heard.offset >= offset
  }
}
