/**
 * The presence of one subscription: asks the application what its client is shown as, once for each time that the
 * client says what it wants, and answers it in the order asked. It begins with the client's first `presence` frame, and
 * with the confirmation of the subscription, whichever comes later.
 */
import { ParleyError, type Schema } from '@parley/shared'
import {
  type Encoded,
  type ErrorSpec,
  isSchema,
  parse,
  payloadBytes,
  type Received,
  type ServerFrame,
  type Topic,
} from '@parley/shared/internal'
import { type Failure, failure, failureOf, internal } from '../failure.js'
import { firstIssue } from '../issues.js'
import type { HandlerTable, HubCore } from './core.js'
import type { PresenceSubscriber, ShownState } from './presences.js'
import type { Asking } from './run.js'

/** The subscription that it is of, and its connection. */
export interface MembershipPeer extends Omit<PresenceSubscriber, 'topic'> {
  readonly id: number
  /** Who asks, as it is now. */
  asking(): Asking
  sendFrame(frame: ServerFrame<Encoded>): void
}

interface Wish {
  readonly wanted: Received | undefined
}

const noErrors: ReadonlyMap<string, ErrorSpec> = new Map()

export class Membership {
  readonly #core: HubCore
  readonly #handlers: HandlerTable
  readonly #peer: MembershipPeer
  readonly #topic: Topic
  readonly #by: number
  #subscriber: PresenceSubscriber | undefined
  #isTold = false
  /** What the client said last; nothing yet, or that it leaves. */
  #wish: Wish | undefined
  /** The last that was not refused: it is what credentials that change are asked about. */
  #taken: Wish | undefined
  /** Frames of the client that wait for their answer. */
  #unanswered = 0
  /** The application is to be asked. */
  #isDue = false
  #isAsking = false
  #isOver = false

  constructor(core: HubCore, handlers: HandlerTable, topic: Topic, peer: MembershipPeer) {
    this.#core = core
    this.#handlers = handlers
    this.#topic = topic
    this.#peer = peer
    this.#by = core.presences.nextNumber()
  }

  /** The client says what it wants to be shown as; nothing: it leaves. */
  want(wanted: Received | undefined): void {
    this.#wish = { wanted }
    this.#unanswered += 1
    this.#isDue = true
    this.#run()
  }

  /** The subscription stands; the topic has this number. */
  confirmed(topic: number): void {
    const peer = this.#peer
    this.#subscriber ??= {
      topic,
      capacity: peer.capacity,
      queued: () => peer.queued(),
      onDrain: (run) => peer.onDrain(run),
      send: (data) => peer.send(data),
    }
    this.#run()
  }

  /** The credentials changed: the application is asked again. */
  askAgain(): void {
    // one that leaves may be due already
    this.#isDue ||= this.#wish?.wanted !== undefined
    this.#run()
  }

  /** @param how its client may come back to an entry that was `lost`. */
  end(how: 'left' | 'lost'): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#leave(how)
  }

  async #run(): Promise<void> {
    if (!this.#isDue || this.#isAsking || this.#isOver || !this.#subscriber || !this.#wish) return
    this.#isDue = false
    this.#isAsking = true
    const wish = this.#wish
    const { wanted } = wish
    const answers = this.#unanswered
    const found = wanted && (await this.#ask(wanted))
    this.#isAsking = false
    if (this.#isOver) return
    this.#unanswered -= answers
    const isRefused = found !== undefined && 'code' in found
    if (!isRefused) this.#taken = wish
    else if (answers > 0 && this.#wish === wish) this.#wish = this.#taken
    this.#found(found, answers)
    // it said something else meanwhile
    this.#run()
  }

  #found(found: ShownState | Failure | undefined, answers: number): void {
    const { id } = this.#peer
    if (!found) this.#leave('left')
    else if ('code' in found) {
      // what it was shown as before, if anything, stands
      const { status: _status, ...told } = found
      for (let i = 0; i < answers; i++) this.#peer.sendFrame({ type: 'err', id, ...told })
      if (answers > 0) this.#tell()
      else {
        const message = `the presence handler refused after a refresh: ${found.message}`
        this.#core.report({ kind: 'refused', path: this.#topic.key, message })
      }
      return
    } else {
      const { client, session } = this.#peer.asking()
      const { member } = session
      if (client !== undefined)
        this.#core.presences.enter(this.#topic.key, { client, by: this.#by, member, state: found })
      this.#tell()
    }
    for (let i = 0; i < answers; i++) this.#peer.sendFrame({ type: 'ok', id })
  }

  /** Whoever has said what it wants is told who is there. */
  #tell(): void {
    if (this.#isTold || !this.#subscriber || this.#isOver) return
    this.#isTold = true
    this.#core.presences.tell(this.#topic.key, this.#subscriber)
  }

  #leave(how: 'left' | 'lost'): void {
    const { presences } = this.#core
    const { client } = this.#peer.asking()
    if (this.#isTold && this.#subscriber) presences.untell(this.#topic.key, this.#subscriber)
    this.#isTold = false
    if (client !== undefined) presences[how](this.#topic.key, client, this.#by)
  }

  /** What the client is to be shown as. Never rejects. */
  async #ask(wanted: Received): Promise<ShownState | Failure> {
    const { codec, report, clock, limits } = this.#core.topics
    const { path, presence: schema } = this.#topic.spec
    const handler = this.#handlers.channels.get(path)?.presence
    if (!schema || !handler) return failure('NOT_FOUND', `'${path}' has no presence`)
    const told = { path: `${path}.presence`, errors: noErrors, codec, report, newId: () => clock.secret() }
    const tooLarge = (bytes: number): Failure =>
      failure(
        'TOO_LARGE',
        `a presence state of ${bytes} bytes on '${path}', ${limits.presenceBytes} are allowed`,
      )
    const misfit = (issues: Parameters<typeof firstIssue>[0]): Failure =>
      failure(
        'VALIDATION',
        `the presence state of '${path}' does not fit its schema: ${firstIssue(issues)}`,
        issues,
      )
    try {
      const sent = payloadBytes({
        json: JSON.stringify(wanted.json),
        ...(wanted.meta ? { meta: JSON.stringify(wanted.meta) } : {}),
        ...(wanted.blobs ? { blobs: wanted.blobs } : {}),
      })
      if (sent > limits.presenceBytes) return tooLarge(sent)
      let asked: unknown
      try {
        asked = codec.decode(wanted)
      } catch (error) {
        return misfit([{ path: [], message: error instanceof Error ? error.message : String(error) }])
      }
      // only looked at: what the handler makes of it is parsed, and transforms run once
      const part = asked === undefined ? undefined : partOf(schema)
      const { issues } = part ? await parse(part, asked) : {}
      if (issues) return misfit(issues)
      const { context, session } = this.#peer.asking()
      const shown = await handler({ params: this.#topic.params, context, session, wanted: asked })
      const parsed = await parse(schema, shown)
      if (parsed.issues) return misfit(parsed.issues)
      const state = codec.encodeText(parsed.value)
      const bytes = payloadBytes(state)
      return bytes > limits.presenceBytes ? tooLarge(bytes) : state
    } catch (error) {
      return error instanceof ParleyError ? failureOf(error, told) : internal(error, told)
    }
  }
}

const parts = new WeakMap<Schema, { readonly part: Schema | undefined }>()

/**
 * Takes any part of what a schema takes. Only few schemas can say that of themselves, such as an object of zod's without
 * refinements; for the others it is the state that is made of it which is checked.
 */
function partOf(schema: Schema): Schema | undefined {
  let known = parts.get(schema)
  if (!known) {
    known = { part: partialOf(schema) }
    parts.set(schema, known)
  }
  return known.part
}

function partialOf(schema: Schema): Schema | undefined {
  const { partial } = schema as { readonly partial?: unknown }
  if (typeof partial !== 'function') return undefined
  try {
    const part: unknown = partial.call(schema)
    return isSchema(part) ? part : undefined
  } catch {
    return undefined // zod refuses it to an object with refinements
  }
}
