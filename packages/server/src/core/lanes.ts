/** Messages of one topic run one at a time, in the order in which they came: each topic is a lane. */
export class Lanes<Run extends { readonly id: number }> {
  /** The running one first. */
  readonly #lanes = new Map<string, Run[]>()
  /** The lane of each message that runs or waits. */
  readonly #laneOf = new Map<number, string>()

  /** Messages that run or wait. */
  get size(): number {
    return this.#laneOf.size
  }

  has(id: number): boolean {
    return this.#laneOf.has(id)
  }

  ids(): IterableIterator<number> {
    return this.#laneOf.keys()
  }

  /** Whether it may run now; else it waits for those before it. */
  add(key: string, run: Run): boolean {
    this.#laneOf.set(run.id, key)
    const lane = this.#lanes.get(key)
    if (lane) {
      lane.push(run)
      return false
    }
    this.#lanes.set(key, [run])
    return true
  }

  /** Nothing of it goes on any more; the one that may run now. */
  over(id: number): Run | undefined {
    const key = this.#laneOf.get(id)
    const lane = key === undefined ? undefined : this.#lanes.get(key)
    if (key === undefined || !lane || lane[0]?.id !== id) return undefined
    this.#laneOf.delete(id)
    lane.shift()
    const next = lane[0]
    if (!next) this.#lanes.delete(key)
    return next
  }

  /** Takes one out that waits; whether it did. One that runs stays. */
  giveUp(id: number): boolean {
    const key = this.#laneOf.get(id)
    const lane = key === undefined ? undefined : this.#lanes.get(key)
    if (!lane || lane[0]?.id === id) return false
    lane.splice(
      lane.findIndex((run) => run.id === id),
      1,
    )
    this.#laneOf.delete(id)
    return true
  }

  /** Takes everything out; the numbers of those that run. */
  clear(): number[] {
    const running = [...this.#lanes.values()].map((lane) => lane[0]!.id)
    this.#lanes.clear()
    this.#laneOf.clear()
    return running
  }
}
