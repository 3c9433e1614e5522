/** How a request may end for whoever asked, given what is known of it. */
import type { Ask, AskOutcome } from './ask.js'
import type { Journal } from './journal.js'
import type { Promised } from './promises.js'

export interface EndingsOptions {
  readonly journal: Journal
  /** Whether an event with this number is, or was, stored. */
  readonly isStored: (n: number) => boolean
  /** Codes that mean that it did not run, and that this world's weather may bring. */
  readonly mayRefuse: (code: string, client: string) => boolean
  /** Whether a client may become another member's, for whom nothing runs again. */
  readonly mayChange: boolean
  /** Whether a client was closed. */
  readonly isClosed: (client: string) => boolean
  /** Whether there is never more than one server, the one that takes over in a deploy included. */
  readonly isOneServer: boolean
  /** How many servers have died. */
  readonly deaths: () => number
}

const defaultWithinMs = 10_000
const outboxMs = 30_000
const outboxSends = 256
/** So many messages of a session wait for their turn. */
const messagesWaiting = 512
/** Rounding of times that are told in whole ms, and what two clocks that go wrong differ by meanwhile. */
const slackOf = (ms: number): number => 2 + ms * 0.005

type Tell = (promise: Promised, what: string) => void

export function judgeEnding(ask: Ask, outcome: AskOutcome, options: EndingsOptions, tell: Tell): void {
  if ('code' in outcome) judgeFailure(ask, outcome.code, options, tell)
  else judgeSuccess(ask, outcome.k, options, tell)
}

function judgeSuccess(ask: Ask, k: number | undefined, { isStored }: EndingsOptions, tell: Tell): void {
  const { ended, kind, plan, emitted, received, aborted } = ask
  if (ended !== 'returned') tell('answer', 'was answered before its handler had returned')
  if (kind !== 'react' && k !== ask.k) tell('answer', `got the answer of ${k}`)
  if (kind === 'count' && !aborted && received !== plan.values)
    tell('stream', `ended with ${received} of ${plan.values} values`)
  for (const n of emitted) if (!isStored(n)) tell('stored', `was answered before its event ${n} was stored`)
}

function judgeFailure(ask: Ask, code: string, options: EndingsOptions, tell: Tell): void {
  const { journal, mayRefuse, isClosed } = options
  const { kind, runs, client } = ask
  const now = journal.elapsed
  const mayRunAgain = kind === 'look'
  switch (code) {
    case 'MUTED':
    case 'BROKE':
      if (ask.ended !== 'declared') tell('answer', `ended with ${code}, which its handler did not throw`)
      return
    case 'INTERNAL':
      if (ask.ended !== 'threw') tell('answer', `ended with ${code}, and its handler did not throw`)
      return
    case 'OUTCOME_UNKNOWN':
      if (ask.handed === 0) tell('unknown', 'has an unknown outcome, and was never handed over')
      if (mayRunAgain && !isClosed(client) && !options.mayChange)
        tell('unknown', 'may run again, and ended with an unknown outcome')
      // another server is not asked whether it still runs there
      if (kind === 'buy' && options.isOneServer && options.deaths() === ask.deathsBefore && !isClosed(client))
        tell('unknown', 'is remembered, and no server died, and its outcome is unknown')
      return
    case 'TIMEOUT': {
      const { withinMs, handedAt, process } = ask
      const named = withinMs !== undefined && now - ask.askedAt >= withinMs - slackOf(withinMs)
      const own = handedAt !== undefined && now - handedAt >= defaultWithinMs - slackOf(defaultWithinMs)
      if (kind === 'count') tell('deadline', 'has no deadline, and timed out')
      else if (!named && !own && !process.wasSet) tell('deadline', 'timed out early')
      return
    }
    case 'OUTBOX_FULL': {
      const waited = now - ask.waitsSince >= outboxMs - slackOf(outboxMs)
      if (!waited && ask.waitingBefore < outboxSends && !ask.process.wasSet)
        tell('deadline', 'found no room, and there was some')
      if (runs > 0 && !mayRunAgain && kind !== 'buy')
        tell('answer', 'ran, and was said never to have gone out')
      return
    }
    case 'ABORTED':
      if (!ask.aborted) tell('answer', 'was given up, and nobody gave it up')
      return
    case 'LOST':
      // a POST without a key, over a network that failed: as `fetch` tells it
      if (ask.by !== 'http') tell('answer', 'was lost without a word')
      return
    default:
      // a server may refuse, or be about to end
      if (code === 'OVERLOADED' && ask.by === 'http' && runs === 0) return
      if (code === 'OVERLOADED' && ask.waitingBefore >= messagesWaiting && runs === 0) return
      if (!mayRefuse(code, client)) tell('answer', `ended with ${code}`)
      if (runs > 0 && !mayRunAgain && ask.handed === 0) tell('answer', `ended with ${code}, and ran`)
  }
}
