/** What kind of world a seed makes: how the network, the log, the servers and the applications behave in it. */
import type { Chance } from './chance.js'
import type { SocketKind } from './sockets.js'

export interface Weather {
  /** Events that a room keeps, and how long: few, and there are gaps. */
  readonly keep: number
  readonly forMs: number
  readonly clients: readonly string[]
  readonly servers: readonly string[]
  /** The log outlives the servers, which share it; else the one server has it in its memory. */
  readonly isShared: boolean
  /** How likely a program that starts is of the new version of the contract. */
  readonly deploys: number
  /** How wrong the clocks are: most ms that they are off, and most that they are too fast or slow. */
  readonly clocks: { readonly offsetMs: number; readonly drift: number }
  readonly rooms: readonly string[]
  readonly sockets: SocketKind
  /** How likely a client gets no WebSocket, and falls back to an event stream and POSTs. */
  readonly fallback: number
  /** How likely a reader is a subscriber over SSE. */
  readonly sse: number
  /** Most ms that a frame travels. */
  readonly delayMs: number
  /** Most ms that the log takes, and how likely a reply of it is lost. */
  readonly log: {
    readonly appendMs: number
    readonly readMs: number
    readonly acknowledgeMs: number
    readonly tailMs: number
    readonly lossy: number
  }
  /** Bytes that the server queues for a reader before it reads the log for it. */
  readonly queuedBytes: number
  readonly callsInFlight: number
  /** Characters that each event carries beside what it says. */
  readonly pad: number
  /** How long credentials hold; 0: for ever. */
  readonly expiresMs: number
  /** How likely a frame with an event comes twice. */
  readonly repeats: number
  /** Most ms between two steps. */
  readonly pauseMs: number
  /** How likely a step breaks something. */
  readonly roughness: number
  readonly mood: Mood
  /** Topics with presence: none in half of the worlds. */
  readonly halls: readonly string[]
  /** Two clients at a time are one member, with all that comes after them. */
  readonly tabs: boolean
  /** Members are kicked and disconnected. */
  readonly ousts: boolean
  /** Clients become another member's. */
  readonly fickle: boolean
}

/** How likely application code fails, and how slow it is, until everything calms down at the end. */
class Mood {
  /** How likely a client's `auth` throws, the server's `context` refuses for now, and `join` refuses. */
  auth: number
  context: number
  join: number
  /** How likely the server does not let somebody be shown as it wants to be. */
  presence: number
  /** Whether that may have happened. */
  readonly mayHide: boolean
  /** Most ms that each of them takes. */
  readonly slowMs: number
  /** Whether somebody may have been refused, by chance or because it was ousted. */
  readonly mayRefuse: boolean
  isCalm = false

  constructor(
    {
      auth,
      context,
      join,
      presence,
      slowMs,
    }: Pick<Mood, 'auth' | 'context' | 'join' | 'presence' | 'slowMs'>,
    ousts: boolean,
  ) {
    this.auth = auth
    this.context = context
    this.join = join
    this.slowMs = slowMs
    this.presence = presence
    this.mayHide = presence > 0
    this.mayRefuse = join > 0 || ousts
  }

  calm(): void {
    this.isCalm = true
    this.auth = 0
    this.context = 0
    this.join = 0
    this.presence = 0
  }
}

export function weatherOf(chance: Chance): Weather {
  const { pick, likely } = chance
  const seldom = (value: number): number => (likely(0.3) ? value : 0)
  const readMs = pick(0, 50, 300)
  const sockets = pick<SocketKind>('plain', 'native', 'limited')
  const isShared = likely(0.7)
  const weather = {
    keep: pick(4, 12, 1_000, 1_000),
    forMs: pick(5_000, 43_200_000, 43_200_000),
    clients: pick(['ann'], ['ann', 'bob'], ['ann', 'bob'], ['ann', 'bob', 'cid', 'dot']),
    servers: isShared ? pick(['one'], ['one', 'two']) : ['one'],
    isShared,
    deploys: pick(0, 0.5),
    clocks: pick({ offsetMs: 0, drift: 0 }, { offsetMs: 3_600_000, drift: 0.002 }),
    rooms: pick(['a'], ['a'], ['a', 'b']),
    sockets,
    fallback: pick(0, 0, 0.5),
    sse: pick(0, 0, 0.3),
    delayMs: pick(0, 5, 60),
    log: {
      appendMs: pick(0, 0, 20),
      readMs,
      acknowledgeMs: pick(0, 20),
      tailMs: pick(0, 30),
      lossy: isShared ? seldom(0.2) : 0,
    },
    // so few are one event for each read: with a slow log that would be no pace at all
    queuedBytes: readMs > 50 ? 1_048_576 : pick(600, 1_048_576),
    callsInFlight: pick(2, 64, 64),
    pad: sockets === 'limited' ? 400 : 0,
    expiresMs: seldom(pick(4_000, 15_000)),
    repeats: seldom(0.2),
    pauseMs: pick(20, 200, 800, 3_000),
    roughness: pick(0.05, 0.15, 0.3),
  }
  const fails = {
    auth: seldom(0.2),
    context: seldom(0.2),
    join: seldom(0.15),
    slowMs: pick(0, 0, 200),
  }
  const halls = pick<readonly string[]>([], [], ['x'], ['x', 'y'])
  const isHeld = halls.length > 0
  const ousts = isHeld && likely(0.4)
  return {
    ...weather,
    mood: new Mood({ ...fails, presence: seldom(0.15) }, ousts),
    halls,
    tabs: isHeld && likely(0.5),
    ousts,
    fickle: isHeld && likely(0.3),
  }
}
