/**
 * The server's end of a client's connections, in the hands of a test: it sees what the client sends, parsed, and
 * says what the test tells it to. Joined to the client over a breakable link with a virtual clock.
 */
import {
  type ClientFrame,
  createCodec,
  type Encoded,
  encodeCloseReason,
  encodeServerFrame,
  Fault,
  parseClientFrame,
  type Received,
  type ServerFrame,
} from '@parley/shared/internal'
import { type BreakableLink, breakableLink, type LinkEnd, type VirtualClock } from '@parley/shared/testing'

type Frame = ClientFrame<Received>
type Of<T extends Frame['type']> = Extract<Frame, { type: T }>

const codec = createCodec()

export const value = (data: unknown): Encoded => codec.encode(data)

export class ScriptedServer {
  readonly link: BreakableLink
  readonly #clock: VirtualClock
  /** All frames of all connections, with when they came. */
  readonly frames: (Frame & { readonly at: number })[] = []
  /** How each connection was closed by the client. */
  readonly closes: { readonly code: number; readonly reason: string }[] = []
  #end: LinkEnd | undefined
  connections = 0
  /** Answers hello by itself, with these changes; `false`: says nothing. */
  welcome: Partial<Extract<ServerFrame<Encoded>, { type: 'welcome' }>> | false = {}
  /** Answers ping by itself. */
  answersPing = true
  /** Answers sub by itself: joined and live at this offset. */
  joinsAt: number | undefined

  constructor(clock: VirtualClock) {
    this.#clock = clock
    this.link = breakableLink((end) => {
      this.#end = end
      this.connections += 1
      return {
        opened: () => {},
        received: (data) => {
          const frame = parseClientFrame(data, 64)
          if (frame instanceof Fault) throw new Error(frame.why)
          this.frames.push({ ...frame, at: clock.now() })
          this.#answer(frame)
        },
        closed: (code, reason) => this.closes.push({ code, reason }),
      }
    }, clock)
  }

  #answer(frame: Frame): void {
    if (frame.type === 'hello' && this.welcome !== false) {
      const { contract } = frame
      const session = `session-${this.connections}`
      const beats = { heartbeatMs: 25_000, heartbeatGraceMs: 10_000, frameBytes: 10_000 }
      this.send({
        type: 'welcome',
        version: 1,
        contract,
        session,
        resumed: false,
        epoch: 'e',
        ...beats,
        ...this.welcome,
      })
    }
    if (frame.type === 'ping' && this.answersPing) this.send({ type: 'pong' })
    if (frame.type === 'sub' && this.joinsAt !== undefined) this.join(frame, this.joinsAt)
  }

  /** Says something on the newest connection. */
  send(...frames: ServerFrame<Encoded>[]): void {
    for (const frame of frames) this.#end?.send(encodeServerFrame(frame))
  }

  /** Says something that is no frame of the protocol. */
  sendText(text: string): void {
    this.#end?.send(text)
  }

  /** Confirms a subscription; its topic number is 100 and the number of the subscription. */
  join({ id }: { readonly id: number }, offset: number): void {
    this.send({ type: 'joined', id, topic: 100 + id, offset }, { type: 'live', topic: 100 + id, offset })
  }

  close(code: number, reason?: Parameters<typeof encodeCloseReason>[0]): void {
    this.#end?.close(code, reason ? encodeCloseReason(reason) : '')
  }

  all<T extends Frame['type']>(type: T): (Of<T> & { readonly at: number })[] {
    return this.frames.filter((frame) => frame.type === type) as (Of<T> & { readonly at: number })[]
  }

  last<T extends Frame['type']>(type: T): Of<T> {
    const frame = this.all(type).at(-1)
    if (!frame) throw new Error(`the client sent no ${type}`)
    return frame
  }

  /** Lets time pass until the client has sent so many frames of a type. */
  async until(type: Frame['type'], count = 1): Promise<void> {
    await this.#clock.runUntil(() => this.all(type).length >= count, 120_000)
  }
}
