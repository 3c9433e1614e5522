import type { Entry } from './log.js'

/** Entries in the order of their offsets, with their sizes: a ring, so that neither end costs a copy. */
export class EntryRing {
  #entries: (Entry | undefined)[] = new Array(4).fill(undefined)
  #sizes: number[] = new Array(4).fill(0)
  #start = 0
  #length = 0
  #bytes = 0

  get length(): number {
    return this.#length
  }

  /** Bytes of payload of all entries. */
  get bytes(): number {
    return this.#bytes
  }

  at(index: number): Entry {
    return this.#entries[this.#slot(index)]!
  }

  sizeAt(index: number): number {
    return this.#sizes[this.#slot(index)]!
  }

  /** The newest entry. */
  last(): Entry | undefined {
    return this.#length > 0 ? this.at(this.#length - 1) : undefined
  }

  push(entry: Entry, size: number): void {
    if (this.#length === this.#entries.length) this.#grow()
    const slot = this.#slot(this.#length++)
    this.#entries[slot] = entry
    this.#sizes[slot] = size
    this.#bytes += size
  }

  /** Takes the oldest entry out. */
  shift(): Entry {
    const entry = this.#clear(this.#start)
    this.#start = (this.#start + 1) & (this.#entries.length - 1)
    this.#length--
    return entry
  }

  /** Takes the newest entry out. */
  pop(): Entry {
    const entry = this.#clear(this.#slot(this.#length - 1))
    this.#length--
    return entry
  }

  /** Takes one entry out of the middle: as many steps as there are newer ones. */
  remove(index: number): Entry {
    const entry = this.#clear(this.#slot(index))
    for (let i = index; i < this.#length - 1; i++) {
      const to = this.#slot(i)
      const from = this.#slot(i + 1)
      this.#entries[to] = this.#entries[from]
      this.#sizes[to] = this.#sizes[from]!
    }
    this.#entries[this.#slot(--this.#length)] = undefined
    return entry
  }

  /** Index of the oldest entry above an offset; `length` where there is none. */
  firstAbove(offset: number): number {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.at(middle).offset > offset) high = middle
      else low = middle + 1
    }
    return low
  }

  #slot(index: number): number {
    return (this.#start + index) & (this.#entries.length - 1) // the length is a power of two
  }

  #clear(slot: number): Entry {
    const entry = this.#entries[slot]!
    this.#entries[slot] = undefined
    this.#bytes -= this.#sizes[slot]!
    return entry
  }

  #grow(): void {
    const before = this.#entries.length
    const entries: (Entry | undefined)[] = new Array(before * 2).fill(undefined)
    const sizes: number[] = new Array(before * 2).fill(0)
    for (let i = 0; i < this.#length; i++) {
      entries[i] = this.at(i)
      sizes[i] = this.sizeAt(i)
    }
    this.#entries = entries
    this.#sizes = sizes
    this.#start = 0
  }
}
