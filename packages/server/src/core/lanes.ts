/** Messages of one topic run one at a time, in the order in which they came: each topic is a lane. */
export class Lanes<Run extends { readonly id: number }> {
  /** The running one first. */
  readonly #lanes = new Map<string, { readonly run: Run; readonly bytes: number }[]>()
  /** The lane of each message that runs or waits. */
  readonly #laneOf = new Map<number, string>()
  #bytes = 0

  /** Messages that run or wait. */
  get size(): number {
    return this.#laneOf.size
  }

  /** Of those that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether one of this topic would have to wait. */
  isBusy(key: string): boolean {
    return this.#lanes.has(key)
  }

  has(id: number): boolean {
    return this.#laneOf.has(id)
  }

  ids(): IterableIterator<number> {
    return this.#laneOf.keys()
  }

  /**
   * Whether it may run now; else it waits for those before it.
   *
   * @param bytes what it takes while it waits.
   */
  add(key: string, run: Run, bytes: number): boolean {
    this.#laneOf.set(run.id, key)
    const lane = this.#lanes.get(key)
    if (lane) {
      lane.push({ run, bytes })
      this.#bytes += bytes
      return false
    }
    this.#lanes.set(key, [{ run, bytes: 0 }])
    return true
  }

  /** Nothing of it goes on any more; the one that may run now. */
  over(id: number): Run | undefined {
    const key = this.#laneOf.get(id)
    const lane = key === undefined ? undefined : this.#lanes.get(key)
    if (key === undefined || !lane || lane[0]?.run.id !== id) return undefined
    this.#laneOf.delete(id)
    lane.shift()
    const next = lane[0]
    if (next) this.#bytes -= next.bytes
    else this.#lanes.delete(key)
    return next?.run
  }

  /** Takes one out that waits; whether it did. One that runs stays. */
  giveUp(id: number): boolean {
    const key = this.#laneOf.get(id)
    const lane = key === undefined ? undefined : this.#lanes.get(key)
    if (!lane || lane[0]?.run.id === id) return false
    const at = lane.findIndex(({ run }) => run.id === id)
    for (const { bytes } of lane.splice(at, 1)) this.#bytes -= bytes
    this.#laneOf.delete(id)
    return true
  }

  /** Takes everything out; the numbers of those that run. */
  clear(): number[] {
    const running = [...this.#lanes.values()].map((lane) => lane[0]!.run.id)
    this.#bytes = 0
    this.#lanes.clear()
    this.#laneOf.clear()
    return running
  }
}
