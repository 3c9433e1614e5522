/** What one life of a client asks for: messages, calls and streams over its socket, and calls over HTTP. */
import { ParleyError } from '@parley/shared'
import type { Ask, AskKind, AskOutcome, Plan } from './ask.js'
import type { Asks } from './asks.js'
import type { WorldContract } from './contract.js'
import type { Journal } from './journal.js'
import { keyOf, origin } from './node.js'
import type { Process } from './process.js'
import type { WorldClient } from './reader.js'

export interface AskingOptions {
  readonly client: WorldClient
  readonly process: Process
  readonly journal: Journal
  readonly contract: WorldContract
  readonly asks: Asks
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly auth: () => Promise<string>
  /** Nothing takes its time any more. */
  readonly isCalm: () => boolean
}

export interface AskManner {
  readonly withinMs: number | undefined
  readonly by: Ask['by']
  /** Of a stream: how long its loop takes for each value, and after how many it leaves. */
  readonly dawdleMs: number
  readonly stopAfter: number
}

/** How long an application waits before it sends a request with a key again, and how often it does so. */
const againMs = 1_500
const mostPosts = 40
const mostPostMs = 15_000

export class Asking {
  readonly #options: AskingOptions
  readonly #aborters = new Map<Ask, AbortController>()

  constructor(options: AskingOptions) {
    this.#options = options
  }

  ask(kind: AskKind, room: string, plan: Plan, manner: AskManner): void {
    const { asks, journal, contract, process } = this.#options
    const { name } = process
    const { withinMs } = manner
    const topic = kind === 'say' || kind === 'react' ? keyOf(contract, room) : undefined
    const by = kind === 'count' || topic !== undefined ? 'socket' : manner.by
    const ask = asks.add({ kind, client: name, process, room, topic, plan, withinMs, by })
    journal.note(
      () => `${name}: asks ${kind} ${ask.k} of ${room} by ${by} within ${withinMs}: ${JSON.stringify(plan)}`,
    )
    const aborter = new AbortController()
    this.#aborters.set(ask, aborter)
    const settled = (outcome: AskOutcome): void => {
      this.#aborters.delete(ask)
      if (!process.isDead) asks.settled(ask, outcome)
    }
    const answer =
      kind === 'count'
        ? this.#stream(ask, aborter.signal, manner)
        : by === 'http'
          ? this.#post(ask, kind, aborter.signal)
          : this.#send(ask, kind, aborter.signal)
    answer.then(
      (value) => settled({ k: value?.k }),
      (error: unknown) => settled({ code: error instanceof ParleyError ? error.code : String(error) }),
    )
  }

  /** Gives up the n-th of those that it waits for. */
  giveUp(n: number): void {
    const waiting = [...this.#aborters.keys()]
    const ask = waiting[n % Math.max(1, waiting.length)]
    if (!ask) return
    this.#options.journal.note(() => `${ask.client}: gives up ${ask.kind} ${ask.k}`)
    ask.aborted = true
    this.#aborters.get(ask)?.abort()
  }

  #send(
    ask: Ask,
    kind: Exclude<AskKind, 'count'>,
    signal: AbortSignal,
  ): Promise<{ k: number } | undefined | void> {
    const { client } = this.#options
    const { k, room: id, withinMs } = ask
    const options = { signal, withinMs }
    if (kind === 'say') return client.room({ id }).send('say', { k }, options)
    if (kind === 'react') return client.room({ id }).send('react', { k }, options)
    return client[kind]({ k }, options)
  }

  async #stream(ask: Ask, signal: AbortSignal, { dawdleMs, stopAfter }: AskManner): Promise<{ k: number }> {
    const { client, asks, process } = this.#options
    const run = client.count({ k: ask.k }, { signal })
    for await (const { seq } of run) {
      asks.received(ask, seq)
      if (seq >= stopAfter) {
        ask.aborted = true
        break
      }
      if (dawdleMs > 0 && !this.#options.isCalm()) await process.wait(process.random() * dawdleMs)
    }
    return run.result
  }

  /** What must not run twice has a key, and is sent until it is answered; the rest is sent once. */
  async #post(ask: Ask, kind: AskKind, signal: AbortSignal): Promise<{ k: number }> {
    const { process } = this.#options
    const isKeyed = kind === 'buy'
    for (let posts = 1; ; posts++) {
      const answered = await this.#postOnce(ask, kind, isKeyed, signal)
      if (answered) return answered
      if (ask.aborted) throw new ParleyError('ABORTED', 'given up')
      if (!isKeyed || posts === mostPosts) throw new ParleyError('LOST', 'the network failed')
      await process.wait(againMs)
    }
  }

  /** @returns The answer, or nothing where it may be asked for again. */
  async #postOnce(
    ask: Ask,
    kind: AskKind,
    isKeyed: boolean,
    signal: AbortSignal,
  ): Promise<{ k: number } | undefined> {
    const { asks, fetch, auth, process } = this.#options
    // `fetch` itself waits for ever for somebody who is gone
    const patience = new AbortController()
    const stopWaiting = process.after(mostPostMs, () => patience.abort())
    let status: number
    let body: { k: number } | { error: { code: string; message: string } }
    try {
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${await auth()}`,
        ...(isKeyed ? { 'idempotency-key': `${ask.client}-${ask.k}` } : {}),
      }
      asks.handed(ask.k)
      const response = await fetch(`${origin}/realtime/call/${kind}`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ k: ask.k }),
        signal: AbortSignal.any([signal, patience.signal]),
      })
      status = response.status
      body = JSON.parse(await response.text())
    } catch {
      return undefined
    } finally {
      stopWaiting()
    }
    if ('k' in body) return body
    // the server says that it may be tried again
    if (status === 503 && isKeyed) return undefined
    throw new ParleyError(body.error.code, body.error.message)
  }
}
