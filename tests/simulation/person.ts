/** One client of a world, through all of its lives: what it remembers, and the line that joins it to the servers. */
import type { Chance } from './chance.js'
import type { WorldContract } from './contract.js'
import { Life, type LifeOptions } from './life.js'
import type { Process } from './process.js'

export interface PersonOptions extends Omit<LifeOptions, 'process' | 'heard' | 'contract' | 'member'> {
  readonly name: string
  /** Whose its lives are; each its own where it is left out. */
  readonly member: string | undefined
  /** The contract that a life is built with. */
  readonly contract: () => WorldContract
  /** A program for its next life. */
  readonly newProcess: (name: string) => Process
}

/** So many positions of a room are remembered. */
const remembered = 20

export class Person {
  readonly name: string
  readonly #options: PersonOptions
  readonly #positions = new Map<string, string[]>()
  readonly lives: Life[] = []
  #process!: Process

  constructor(options: PersonOptions) {
    this.name = options.name
    this.#options = options
    this.#begin()
  }

  get life(): Life {
    return this.lives.at(-1)!
  }

  get process(): Process {
    return this.#process
  }

  get line(): LifeOptions['line'] {
    return this.#options.line
  }

  /** A position that its application may have kept. */
  position(id: string, chance: Chance): string | undefined {
    const known = this.#positions.get(id) ?? []
    return chance.likely(0.5) ? known.at(-1) : chance.pick(...known)
  }

  /** Its program ends in the middle of whatever it did, and begins anew. */
  restart(isSilent: boolean): void {
    const { journal, line } = this.#options
    journal.note(() => `${this.life.name} is gone${isSilent ? ' in silence' : ''}, and comes back`)
    this.life.end()
    this.#process.kill()
    line.lost(this.#process, isSilent)
    this.#begin()
  }

  #begin(): void {
    const { newProcess, contract, member, ...rest } = this.#options
    this.#process = newProcess(`${this.name}${this.lives.length + 1}`)
    const life = new Life({
      ...rest,
      contract: contract(),
      process: this.#process,
      member: member ?? this.#process.name,
      heard: (id, at) => this.#remember(id, at),
    })
    this.lives.push(life)
  }

  #remember(id: string, position: string): void {
    const known = this.#positions.get(id) ?? []
    known.push(position)
    if (known.length > remembered) known.splice(Math.floor(known.length / 2), 1)
    this.#positions.set(id, known)
  }
}
