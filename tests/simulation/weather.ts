/** What kind of world a seed makes: how the network, the log, the server and the applications behave in it. */
import type { SocketKind } from './sockets.js'

export interface Weather {
  /** Events that a room keeps: few, and there are gaps. */
  readonly keep: number
  readonly rooms: readonly string[]
  readonly sockets: SocketKind
  /** Most ms that a frame travels. */
  readonly delayMs: number
  /** Most ms that the log takes: to read, to acknowledge, to pass on. */
  readonly log: { readonly readMs: number; readonly acknowledgeMs: number; readonly tailMs: number }
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
}

/** How likely application code fails, and how slow it is, until everything calms down at the end. */
class Mood {
  /** How likely a client's `auth` throws, the server's `context` refuses for now, and `join` refuses. */
  auth: number
  context: number
  join: number
  /** Most ms that each of them takes. */
  slowMs: number
  /** Whether `join` ever refused by chance. */
  readonly mayRefuse: boolean
  isCalm = false

  constructor({ auth, context, join, slowMs }: Pick<Mood, 'auth' | 'context' | 'join' | 'slowMs'>) {
    this.auth = auth
    this.context = context
    this.join = join
    this.slowMs = slowMs
    this.mayRefuse = join > 0
  }

  calm(): void {
    this.isCalm = true
    this.auth = 0
    this.context = 0
    this.join = 0
  }
}

export function weatherOf(random: () => number): Weather {
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!
  const seldom = (likely: number): number => (random() < 0.3 ? likely : 0)
  const readMs = pick(0, 50, 300)
  const sockets = pick<SocketKind>('plain', 'native', 'limited')
  return {
    keep: pick(4, 12, 1_000, 1_000),
    rooms: pick(['a'], ['a'], ['a', 'b']),
    sockets,
    delayMs: pick(0, 5, 60),
    log: { readMs, acknowledgeMs: pick(0, 20), tailMs: pick(0, 30) },
    // so few are one event for each read: with a slow log that would be no pace at all
    queuedBytes: readMs > 50 ? 1_048_576 : pick(600, 1_048_576),
    callsInFlight: pick(2, 64, 64),
    pad: sockets === 'limited' ? 400 : 0,
    expiresMs: seldom(pick(4_000, 15_000)),
    repeats: seldom(0.2),
    pauseMs: pick(20, 200, 800, 3_000),
    roughness: pick(0.05, 0.15, 0.3),
    mood: new Mood({
      auth: seldom(0.2),
      context: seldom(0.2),
      join: seldom(0.15),
      slowMs: pick(0, 0, 200),
    }),
  }
}
