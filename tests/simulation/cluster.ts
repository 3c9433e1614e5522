/** The servers of a world: which ones are there, how they come and go, and which one a client gets to. */
import type { Chance } from './chance.js'
import type { Journal } from './journal.js'
import type { Line } from './line.js'
import type { WorldNode } from './node.js'
import type { Process } from './process.js'

export interface ClusterOptions {
  readonly journal: Journal
  readonly names: readonly string[]
  /** Starts the program of a server; the same name again after it died. */
  readonly start: (name: string) => WorldNode
  /** The lines of the clients. */
  readonly lines: readonly Line[]
  /** A server may lead its clients elsewhere before it ends. */
  readonly mayDrain: boolean
  /** Told that a program is gone. */
  readonly died: (process: Process) => void
}

export class Cluster {
  readonly #options: ClusterOptions
  readonly #nodes = new Map<string, WorldNode>()
  readonly #leaving = new Set<WorldNode>()
  #deaths = 0

  constructor(options: ClusterOptions) {
    this.#options = options
    this.startAll()
  }

  /** Those that run. */
  get nodes(): readonly WorldNode[] {
    return [...this.#nodes.values()]
  }

  /** Those that run, and those that are about to end. */
  get all(): readonly WorldNode[] {
    return [...this.nodes, ...this.#leaving]
  }

  /** How many have ended, or begun to. */
  get deaths(): number {
    return this.#deaths
  }

  /** Where a new connection leads to. */
  route(chance: Chance): WorldNode | undefined {
    const { nodes } = this
    return nodes.length === 0 ? undefined : chance.pick(...nodes)
  }

  /** The program is gone at once, in the middle of whatever it did. */
  kill({ process }: WorldNode, isSilent: boolean): void {
    const { journal, lines, died } = this.#options
    journal.note(() => `${process.name} dies${isSilent ? ', and its machine with it' : ''}`)
    this.#forget(process)
    process.kill()
    for (const line of lines) line.lost(process, isSilent)
    died(process)
  }

  /**
   * The program ends in order. Where the log is shared its clients are told to go elsewhere first, and nobody new is led
   * to it: another one of its name may start meanwhile, as in a deploy.
   */
  async stop(node: WorldNode): Promise<void> {
    const { journal, lines, died, mayDrain } = this.#options
    const { process } = node
    journal.note(() => `${process.name} stops`)
    this.#forget(process)
    this.#leaving.add(node)
    if (mayDrain) {
      const drained = await node.drain()
      journal.note(() => `${process.name} is drained: ${JSON.stringify(drained)}`)
    }
    await node.close()
    // a program that ends closes what it has open
    process.after(100, () => {
      this.#leaving.delete(node)
      process.kill()
      for (const line of lines) line.lost(process, false)
      died(process)
    })
  }

  /** Starts what does not run. */
  startAll(): void {
    const { names, start } = this.#options
    for (const name of names) if (!this.#nodes.has(name)) this.#nodes.set(name, start(name))
  }

  #forget(process: Process): void {
    this.#deaths++
    for (const [name, node] of this.#nodes) if (node.process === process) this.#nodes.delete(name)
  }
}
