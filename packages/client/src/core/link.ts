/**
 * The connection of a client: when to open a line, when to give one up, when to try again, and when not to.
 *
 * Promise: while it is wanted there is a connection, or the next attempt is due at a known time; attempts are spread
 * and slow down; a dead connection is noticed and let go at once; nothing that a line of the past does touches the one
 * of today; and to go from one line to another is no interruption: the one of today is kept until the next is open.
 *
 *     idle -open-> connecting -welcome-> open          `connecting`: auth is asked for, then a socket, then welcome
 *                     ^   |  \            |
 *              elapsed|   |   \-- lost ---|
 *                     |   v               v
 *                  reconnecting        closed (by the application, or for good by the server) -open-> connecting
 *
 * The lines: the *present* one is sent on, or is the attempt at one. Where the server, or the transport, asks for
 * another while it is open, a *next* one is tried for, again and again while the present one lasts. Once that is
 * welcomed it is the present one, and the one before is *left*: it stays for the answers that are owed on it, until
 * nothing is (`idle`) or it ends - or goes at once, where the server gave its session to the new one.
 *
 * Inputs: what the application wants (`open`, `close`, `reconnect`), what becomes of each line (line.ts), that the
 * world may have changed (`woke`), and time (`elapsed`, to be called at `next`). An input for a line that is over is
 * ignored. `now` never goes back. `chance` is a number from 0 (included) to 1 (excluded).
 */
import { closeCodes, type ServerFrame } from '@parley/shared/internal'
import { type ConnectionError, type ConnectionState, idle } from './connection-state.js'
import { Line, type LineOptions } from './line.js'
import type { LineEnding, LineOutput, LinkOutput } from './link-output.js'
import { Onward } from './onward.js'
import { Retry } from './retry.js'

/** Most lines that are left at a time; a server that makes a client move on and on leaves answers owed on each. */
const mostLeft = 4

/** The code of a close that ends the session too. */
const done = 1000

const never = Number.POSITIVE_INFINITY

type Outputs<Out, In> = LinkOutput<Out, In>[]
type Input<Out, In> = (line: Line<Out, In>) => readonly LineOutput<Out, In>[]

export class ClientLink<Out, In> {
  readonly #options: LineOptions
  #state: ConnectionState = idle
  /** Number of the newest line. */
  #newest = 0
  #present: Line<Out, In> | undefined
  #next: Line<Out, In> | undefined
  readonly #left = new Map<number, Line<Out, In>>()
  #session: string | undefined
  /** Hellos of lines that are over, never answered: each may yet take the session away from the line of today. */
  #unanswered = 0
  readonly #retry = new Retry()
  readonly #onward = new Onward()

  constructor(options: LineOptions) {
    this.#options = options
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** When `elapsed` has something to do, unless something happens before. */
  get next(): number {
    let next = Math.min(this.#retry.next, this.#onward.next, this.#present?.next ?? never)
    if (this.#next) next = Math.min(next, this.#next.next)
    for (const line of this.#left.values()) next = Math.min(next, line.next)
    return next
  }

  // --- what the application wants ---------------------------------------------------------------------------

  /** A connection is wanted. One that there is, or that is being tried for, stays. */
  open(now: number): Outputs<Out, In> {
    const { status } = this.#state
    if (status !== 'idle' && status !== 'closed') return []
    this.#retry.forgive()
    return this.#begin(now)
  }

  /** No connection is wanted any more. */
  close(): Outputs<Out, In> {
    if (this.#state.status === 'closed') return []
    return this.#end({ code: 'CLOSED', message: 'The application closed the client.' }, false)
  }

  /** The application has reason to believe that another connection is better than this one. */
  reconnect(now: number, chance: number): Outputs<Out, In> {
    const { status } = this.#state
    if (status === 'idle' || status === 'closed') return this.open(now)
    this.#retry.forgive()
    const lastError = { code: 'LOST', message: 'The application asked for another connection.' }
    // not as a client that is done would close it: the session is wanted on the other connection
    const { code } = closeCodes.MOVE
    const lost = [...this.#giveUp(this.#next, code), ...this.#giveUp(this.#present, code)]
    return [...lost, ...this.#wait(this.#retry.soon(now, chance), lastError)]
  }

  /** The world may have changed unseen: the machine slept, the network came back, the page is shown again. */
  woke(now: number, chance: number): Outputs<Out, In> {
    const outputs = this.#lines.flatMap((line) => this.#heed(line, line.woke(now), now, chance))
    if (this.#state.status !== 'reconnecting') return outputs
    const delayMs = this.#retry.hasten(now, chance)
    return delayMs === undefined ? outputs : [...outputs, ...this.#wait(delayMs, this.#state.lastError)]
  }

  /** Nothing is waited for on this line any more: one that is left can go. */
  idle(line: number): Outputs<Out, In> {
    return this.#giveUp(this.#left.get(line), done)
  }

  // --- what happened ----------------------------------------------------------------------------------------

  /** A line of today: tried for, open, or left and still there. */
  line(number: number): Line<Out, In> | undefined {
    if (this.#present?.number === number) return this.#present
    return this.#next?.number === number ? this.#next : this.#left.get(number)
  }

  /** Tells a line what happened. `chance` may be left out where the line can not be lost by it. */
  feed(number: number, input: Input<Out, In>, now: number, chance = 0): Outputs<Out, In> {
    const line = this.line(number)
    return line ? this.#heed(line, input(line), now, chance) : []
  }

  elapsed(now: number, chance: number): Outputs<Out, In> {
    this.#retry.noteSteady(now)
    if (this.#retry.isDue(now)) return this.#begin(now)
    const outputs: Outputs<Out, In> = []
    for (const line of this.#lines) {
      if (now >= line.next) outputs.push(...this.#heed(line, line.elapsed(now), now, chance))
    }
    if (this.#onward.elapsed(now, chance)) {
      this.#next = this.#newLine(now)
      outputs.push(...this.#heed(this.#next, this.#next.begin(), now, chance))
    }
    return outputs
  }

  // --- lines ------------------------------------------------------------------------------------------------

  get #lines(): Line<Out, In>[] {
    const lines = [...this.#left.values()]
    if (this.#present) lines.push(this.#present)
    if (this.#next) lines.push(this.#next)
    return lines
  }

  #newLine(now: number): Line<Out, In> {
    this.#newest += 1
    return new Line(this.#newest, this.#options, this.#session, now)
  }

  /** Hears what a line has to tell; its orders are passed on. */
  #heed(
    line: Line<Out, In>,
    told: readonly LineOutput<Out, In>[],
    now: number,
    chance: number,
  ): Outputs<Out, In> {
    const outputs: Outputs<Out, In> = []
    for (const output of told) {
      if (output.type === 'welcomed') outputs.push(...this.#welcomed(line, output.welcome, now))
      else if (output.type === 'ended') outputs.push(...this.#ended(line, output.ending, now, chance))
      else if (output.type !== 'move') outputs.push(output)
      else if (line === this.#present && !this.#next) this.#onward.want(output.inMs, now)
    }
    return outputs
  }

  #welcomed(
    line: Line<Out, In>,
    welcome: Extract<ServerFrame<In>, { type: 'welcome' }>,
    now: number,
  ): Outputs<Out, In> {
    const before = line === this.#next ? this.#present : undefined
    this.#present = line
    this.#next = undefined
    this.#retry.opened(now)
    this.#onward.opened(now)
    this.#session = welcome.session
    const up = { type: 'up', line: line.number, welcome } as const
    const contract = welcome.contract === this.#options.contract() ? 'same' : (welcome.fits ?? 'unknown')
    const isShown = this.#state.status === 'open' && this.#state.contract === contract
    const outputs: Outputs<Out, In> = [...(isShown ? [] : this.#become({ status: 'open', contract })), up]
    if (!before) return outputs
    this.#left.set(before.number, before)
    if (before.isOver || welcome.resumed) outputs.push(...this.#giveUp(before, closeCodes.MOVE.code))
    else if (this.#left.size > mostLeft) outputs.push(...this.#giveUp([...this.#left.values()][0], done))
    return outputs
  }

  #ended(line: Line<Out, In>, ending: LineEnding, now: number, chance: number): Outputs<Out, In> {
    if (this.#left.has(line.number)) return this.#giveUp(line, done, ending.taken)
    if (line !== this.#next) {
      // the session is on its way to the next line, and this came before the welcome there
      const isMoving = ending.isTakeover === true && this.#next?.isUnanswered === true
      return isMoving ? [] : this.#lost(ending, now, chance)
    }
    const lost = this.#giveUp(line, done)
    if (this.#present?.isOver) return this.#lost(ending, now, chance)
    this.#onward.want(ending.delayMs ?? 0, now)
    return lost
  }

  /** The present line is over. */
  #lost(ending: LineEnding, now: number, chance: number): Outputs<Out, In> {
    const { policy, error, isTakeover, taken } = ending
    const isOwn = isTakeover === true && this.#unanswered > 0
    if (policy === 'never' && !isOwn) return this.#end(error, true)
    if (isOwn) this.#unanswered -= 1
    this.#retry.noteSteady(now)
    const lost = this.#giveUp(this.#present, done, taken)
    if (this.#next) {
      this.#present = this.#next
      this.#next = undefined
      return [...lost, ...this.#become({ status: 'connecting' })]
    }
    return [...lost, ...this.#wait(this.#retry.after(ending, now, chance), error)]
  }

  /** A line is over for us, whether or not it was before. */
  #giveUp(line: Line<Out, In> | undefined, code: number, taken?: number): Outputs<Out, In> {
    if (!line) return []
    const outputs = this.#heed(line, line.letGo(code), 0, 0)
    if (line.isUnanswered) this.#unanswered += 1
    const wasUp = this.#left.delete(line.number) || (line === this.#present && this.#state.status === 'open')
    if (line === this.#next) this.#next = undefined
    if (line === this.#present) {
      this.#present = undefined
      this.#retry.stop()
      this.#onward.stop()
    }
    if (!wasUp) return outputs
    return [...outputs, { type: 'down', line: line.number, ...(taken === undefined ? {} : { taken }) }]
  }

  // ----------------------------------------------------------------------------------------------------------

  #become(state: ConnectionState): Outputs<Out, In> {
    this.#state = state
    return [{ type: 'state', state }]
  }

  /** An attempt begins. */
  #begin(now: number): Outputs<Out, In> {
    this.#retry.stop()
    this.#present = this.#newLine(now)
    return [
      ...this.#become({ status: 'connecting' }),
      ...this.#heed(this.#present, this.#present.begin(), now, 0),
    ]
  }

  #end(error: ConnectionError, final: boolean): Outputs<Out, In> {
    const { code, message: reason } = error
    const lost = [...this.#lines].reverse().flatMap((line) => this.#giveUp(line, done))
    this.#retry.stop()
    // closed by the application, over a link that may be dead: the server still has to hear of it when it comes back
    if (final) this.#session = undefined
    // in this order: who hears of it may open it again, and what is asked for then is not over
    return [...lost, { type: 'over', error }, ...this.#become({ status: 'closed', code, reason, final })]
  }

  #wait(delayMs: number, lastError: ConnectionError): Outputs<Out, In> {
    return this.#become({ status: 'reconnecting', delayMs, attempt: this.#retry.attempt, lastError })
  }
}
