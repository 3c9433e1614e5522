/**
 * A hub that is leaving: it takes no new sessions, tells its clients to move, lets what runs finish, and closes what
 * is left in the end. A client that comes back to its session is let in, for the answers that it waits for are here and
 * nowhere else; it is told to move again.
 */
import { type Clock, type CloseCodeName, drainDefaults } from '@parley/shared/internal'
import { Batches } from '../core/batches.js'
import type { Running } from '../running.js'
import { SteadyTime } from './steady.js'

/** What became of those that were there. */
export interface DrainCounts {
  /** Connections whose client went by itself, after it was told to. */
  readonly moved: number
  /** Connections that were closed in the end. */
  readonly closed: number
  /** Calls, messages and streams that still ran in the end: they were told to stop, and their callers know no outcome. */
  readonly cut: number
}

/** A connection whose client may go elsewhere. */
export interface Movable {
  /** It is open, and its client could as well be connected to another server. */
  readonly canMove: boolean
  /** Calls, messages and streams that run or wait. */
  readonly pending: number
  /** Asks its client to open its next connection after so many ms. */
  move(inMs: number): void
  close(code: CloseCodeName, why: string, delayMs?: number): void
}

interface Held {
  readonly pending: number
  /** Whether a connection delivers for it. */
  readonly isCarried: boolean
  /** Of the answers that its client does not have yet. */
  readonly bytes: number
  end(reason: string): void
}

interface Streaming {
  /** Ends it, and says how long to stay away. */
  leave(retryMs: number): void
}

export interface DrainingOptions {
  readonly clock: Clock
  readonly connections: ReadonlySet<Movable>
  readonly sessions: Iterable<Held>
  readonly sse: ReadonlySet<Streaming>
}

/** How often it looks whether anything is left; and in the end, for a moment in which nothing runs for a client. */
const lookMs = 100
const closeLookMs = 20

interface Run {
  readonly done: Promise<DrainCounts>
  readonly batches: Batches
  endsAt: number
  /** How long before the end clients are closed, each as soon as nothing runs for it. */
  closingMs: number
}

export class Draining {
  /** What runs for POSTs: no session holds it. */
  readonly posts: Set<Running> = new Set()
  readonly #options: DrainingOptions
  readonly #time: SteadyTime
  readonly #told = new Set<Movable>()
  #closed = 0
  #run: Run | undefined
  #most = 0

  constructor(options: DrainingOptions) {
    this.#options = options
    this.#time = new SteadyTime(options.clock)
  }

  get isOn(): boolean {
    return this.#run !== undefined
  }

  /** How long whoever is sent away is advised to stay away: by chance, and the more there are, the longer. */
  delayMs(who: keyof typeof drainDefaults.delayLeastMs): number {
    const { delayLeastMs, delayEachMs, delayCapMs } = drainDefaults
    const { clock, connections, sse } = this.#options
    this.#most = Math.max(this.#most, connections.size + sse.size)
    const spreadMs = Math.min(delayCapMs, Math.max(delayLeastMs[who], this.#most * delayEachMs))
    return Math.round(clock.random() * spreadMs)
  }

  /** Begins, or, where it has begun, ends earlier if this is earlier. */
  start(withinMs: number): Promise<DrainCounts> {
    const now = this.#time.now()
    const endsAt = now + withinMs
    const closingMs = Math.min(drainDefaults.closingMs, withinMs / 4)
    if (this.#run) {
      if (endsAt < this.#run.endsAt) Object.assign(this.#run, { endsAt, closingMs })
    } else {
      this.#most = this.#options.connections.size + this.#options.sse.size
      let resolve: (counts: DrainCounts) => void
      const done = new Promise<DrainCounts>((settle) => {
        resolve = settle
      })
      this.#run = { done, batches: new Batches(now, withinMs, drainDefaults.batchMs), endsAt, closingMs }
      this.#look(this.#run, resolve!)
    }
    return this.#run.done
  }

  #look(run: Run, resolve: (counts: DrainCounts) => void): void {
    const now = this.#time.now()
    if (now >= run.endsAt || this.#isEmpty) {
      resolve(this.#end())
      return
    }
    const isClosing = now >= run.endsAt - run.closingMs
    if (isClosing) this.#closeIdle()
    else this.#tell(run, now)
    const inMs = Math.min(isClosing ? closeLookMs : lookMs, run.endsAt - now)
    this.#options.clock.after(inMs, () => {
      this.#time.atLeast(now + inMs)
      this.#look(run, resolve)
    })
  }

  /** Nobody is left who could go, and nothing that anybody waits for. */
  get #isEmpty(): boolean {
    const { connections, sessions, sse } = this.#options
    if (this.posts.size > 0 || sse.size > 0) return false
    for (const { canMove } of connections) if (canMove) return false
    for (const session of sessions) {
      if (session.pending > 0 || (!session.isCarried && session.bytes > 0)) return false
    }
    return true
  }

  #tell({ batches, endsAt }: Run, now: number): void {
    const { clock, connections, sse } = this.#options
    const untold = [...connections].filter((one) => one.canMove && !this.#told.has(one))
    const responses = [...sse]
    const share = batches.due(now, untold.length + responses.length)
    // in the order in which they came, both kinds alike
    const count = Math.ceil((share * untold.length) / Math.max(1, untold.length + responses.length))
    for (const connection of untold.slice(0, count)) {
      this.#told.add(connection)
      connection.move(Math.floor(clock.random() * Math.min(batches.everyMs, endsAt - now)))
    }
    for (const response of responses.slice(0, share - count)) response.leave(this.delayMs('left'))
  }

  #closeIdle(): void {
    for (const connection of [...this.#options.connections])
      if (connection.pending === 0) this.#close(connection)
  }

  #close(connection: Movable): void {
    this.#closed += 1
    this.#told.delete(connection)
    connection.close('DRAINING', 'the server is shutting down', this.delayMs('left'))
  }

  #end(): DrainCounts {
    const { connections, sessions, sse } = this.#options
    let cut = this.posts.size
    for (const { pending } of sessions) cut += pending
    const moved = [...this.#told].filter((one) => !connections.has(one)).length
    for (const connection of [...connections]) this.#close(connection)
    for (const session of sessions) session.end('DRAINING')
    for (const response of [...sse]) response.leave(this.delayMs('left'))
    for (const post of this.posts) post.abort()
    this.#told.clear()
    return { moved, closed: this.#closed, cut }
  }
}
