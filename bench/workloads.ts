/** What is measured: each workload in the same way for every server. */
import { orderText } from './contract.js'
import { clientFrame, countFrames, countTildes, openSocket, type RawSocket, upgradeTo } from './raw-socket.js'
import type { ServerProcess } from './server-process.js'

/** A server, and how one gets in there. */
export interface Contestant {
  readonly name: string
  readonly server: ServerProcess
  readonly websocketPath: string
  /** What a client sends after the upgrade, and how many frames answer it before it is live. */
  readonly greeting: () => readonly string[]
  readonly greetingAnswers: number
  /** After so many answers the client says that it has them; 0: never. */
  readonly ackEvery: number
  readonly ssePath: string
}

/** One measurement. */
export interface Measured {
  readonly perSecond: number
  /** Processor time of the server for one call or delivery. */
  readonly serverMicros: number
}

export interface Workload {
  readonly name: string
  /** What is counted: calls or deliveries. */
  readonly unit: string
  readonly goal: string
  measure(contestant: Contestant): Promise<Measured>
}

export const inFlight = 64
const callsInAll = 40_000
const eventsAtOnce = 10
const measuredEvents = 300

/** Calls on one connection, so many of them under way at any time. */
const calls: Workload = {
  name: `calls, ${inFlight} in flight`,
  unit: 'call',
  goal: 'calls a second >= 0.85 of the floor',
  async measure(contestant) {
    const { server, ackEvery } = contestant
    let unacknowledged = 0
    let answered = (_count: number): void => {}
    const socket = await enter(contestant, (count) => answered(count))
    const run = (total: number): Promise<void> =>
      new Promise((resolve) => {
        let sent = 0
        let done = 0
        const send = (count: number): void => {
          const frames: Uint8Array[] = []
          for (let n = 0; n < count && sent < total; n++, sent++) frames.push(callFrame())
          if (ackEvery > 0 && unacknowledged >= ackEvery) {
            unacknowledged = 0
            frames.push(ackFrame(inFlight))
          }
          if (frames.length > 0) socket.write(Buffer.concat(frames))
        }
        answered = (count) => {
          done += count
          unacknowledged += count
          if (done === total) resolve()
          else send(count)
        }
        send(inFlight)
      })
    await run(callsInAll / 10)
    const measured = await timed(server, callsInAll, () => run(callsInAll))
    socket.close()
    return measured
  },
}

let lastId = 1_000_000
/** Ids are never used twice; all of them are of one length. */
const callFrame = (): Uint8Array => clientFrame(`["call",${++lastId},"order",0,${orderText}]`)

/** Says which calls are still waited for: the newest ones, nearly enough. */
const ackFrame = (waiting: number): Uint8Array => {
  const ids = Array.from({ length: waiting }, (_, n) => lastId - waiting + 1 + n)
  return clientFrame(JSON.stringify(['ack', lastId, ids]))
}

/** One event to many readers: the next few are emitted when all readers have all of the last. */
async function fanOut(server: ServerProcess, readers: Arrivals, burst: boolean): Promise<Measured> {
  const run = async (total: number): Promise<void> => {
    for (let n = 0; n < total; n += eventsAtOnce) {
      const all = readers.next(eventsAtOnce)
      await server.emit(eventsAtOnce, burst)
      await all
    }
  }
  await run(eventsAtOnce * 5)
  return timed(server, measuredEvents * readers.sockets, () => run(measuredEvents))
}

/** Counts what all connections together have got. */
class Arrivals {
  sockets = 0
  #missing = 0
  #done = (): void => {}

  readonly arrived = (count: number): void => {
    if (this.#missing === 0) throw new Error('a server sent more than it was asked to emit')
    this.#missing -= count
    if (this.#missing === 0) this.#done()
  }

  /** Resolves once every connection has got so many more. */
  next(each: number): Promise<void> {
    return new Promise((resolve) => {
      this.#missing = each * this.sockets
      this.#done = resolve
    })
  }
}

const events = (burst: boolean): string => (burst ? `${eventsAtOnce} events at once` : 'one event')

const toWebSockets = (count: number, burst: boolean): Workload => ({
  name: `${events(burst)} to ${count.toLocaleString('en')} WebSockets`,
  unit: 'delivery',
  goal: 'server CPU <= 1.1 of the floor',
  async measure(contestant) {
    const arrivals = new Arrivals()
    const sockets: RawSocket[] = []
    while (sockets.length < count) sockets.push(await enter(contestant, arrivals.arrived))
    arrivals.sockets = count
    const measured = await fanOut(contestant.server, arrivals, burst)
    for (const socket of sockets) socket.close()
    return measured
  },
})

const toSse = (count: number, burst: boolean): Workload => ({
  name: `${events(burst)} to ${count.toLocaleString('en')} SSE readers`,
  unit: 'delivery',
  goal: 'server CPU <= 1.0 of the floor',
  async measure(contestant) {
    const arrivals = new Arrivals()
    const sockets: RawSocket[] = []
    while (sockets.length < count) {
      const request = [`GET ${contestant.ssePath} HTTP/1.1`, 'Accept: text/event-stream']
      sockets.push(await openSocket(contestant.server.port, request, countTildes(), arrivals.arrived))
    }
    arrivals.sockets = count
    const measured = await fanOut(contestant.server, arrivals, burst)
    for (const socket of sockets) socket.close()
    return measured
  },
})

export const workloads: readonly Workload[] = [
  calls,
  ...[false, true].map((burst) => toWebSockets(1_000, burst)),
  ...[false, true].map((burst) => toSse(500, burst)),
]

/** A WebSocket that has been greeted: whatever arrives from now on is told of. */
async function enter(contestant: Contestant, arrived: (count: number) => void): Promise<RawSocket> {
  const { server, websocketPath, greeting, greetingAnswers } = contestant
  let missing = greetingAnswers
  let greeted = (): void => {}
  const live = new Promise<void>((resolve) => {
    greeted = resolve
  })
  const socket = await openSocket(server.port, upgradeTo(websocketPath), countFrames(), (count) => {
    if (missing === 0) return arrived(count)
    missing -= count
    if (missing === 0) greeted()
  })
  for (const frame of greeting()) socket.write(clientFrame(frame))
  await live
  return socket
}

async function timed(server: ServerProcess, count: number, run: () => Promise<void>): Promise<Measured> {
  const before = await server.cpu()
  const startedAt = performance.now()
  await run()
  const seconds = (performance.now() - startedAt) / 1_000
  return { perSecond: count / seconds, serverMicros: ((await server.cpu()) - before) / count }
}
