/** One timer: when it is due, its place among those due together, and what it runs until it is cancelled. */
interface Timer {
  readonly dueAt: number
  readonly order: number
  run: (() => void) | undefined
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order)
}

/** Timers in the order in which they are due, and by creation where that is equal: a binary heap. */
export class TimerQueue {
  #heap: Timer[] = []
  #created = 0
  #live = 0

  /** Timers that were neither taken nor cancelled. */
  get size(): number {
    return this.#live
  }

  add(dueAt: number, run: () => void): () => void {
    const timer: Timer = { dueAt, order: this.#created++, run }
    this.#live++
    this.#push(timer)
    return () => {
      if (!timer.run) return
      timer.run = undefined
      this.#live--
      // a heartbeat that is re-armed with every frame would otherwise leave a heap of dead timers behind
      if (this.#heap.length > 64 && this.#live < this.#heap.length / 2) this.#compact()
    }
  }

  /** When the next timer is due; `undefined` where there is none. */
  next(): number | undefined {
    while (this.#heap.length > 0 && !this.#heap[0]!.run) this.#pop()
    return this.#heap[0]?.dueAt
  }

  /** Takes the next timer out, as run: its cancellation does nothing from here on. */
  take(): (() => void) | undefined {
    if (this.next() === undefined) return undefined
    const timer = this.#pop()
    const run = timer.run
    timer.run = undefined
    this.#live--
    return run
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(timer, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = timer
  }

  #pop(): Timer {
    const heap = this.#heap
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return top
  }

  #compact(): void {
    const live = this.#heap.filter((timer) => timer.run)
    this.#heap = []
    for (const timer of live) this.#push(timer)
  }
}
