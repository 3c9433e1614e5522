/**
 * The page of the browser tests. It does nothing by itself but count; a test asks it through `window.fixture`.
 *
 * `?timers=held`: no timer of a client longer than a second ever fires, and chance is always the longest. What such a
 * page still does, some sign of the world made it do.
 */
import { type ConnectionState, createClient, createSubscriber } from '@parley/client'
import { contract } from './contract.js'
import { type Recording, record, recordSource, type SourceRecording } from './recording.js'

export type Transport = 'websocket' | 'sse'

export type Sign = 'visibilitychange' | 'resume' | 'pageshow' | 'online'

export interface Fixture {
  /** `?name=`, to tell tabs apart. */
  readonly name: string
  /** Stamps of the wall clock, ten a second: where the page stood still, there is a hole. */
  readonly beats: number[]
  /** Signs of a wake-up that the page really got. */
  readonly signs: string[]
  /** By transport. */
  readonly ticks: Partial<Record<Transport, Recording>>
  readonly sources: Map<string, SourceRecording>
  /** By room. */
  readonly messages: Map<string, string[]>
  connection(): ConnectionState
  /** Every state that the connection was in, after the first. */
  readonly connections: ConnectionState[]
  /** Delays, in ms, of the timers that are held. */
  held(): number[]
  /** Makes the page believe that it is visible or hidden, and tells it. */
  show(state: DocumentVisibilityState): void
  /** Gives one sign of a wake-up, as the browser does. */
  wake(sign: Sign): void
  readTicks(transport: Transport): Promise<unknown>
  listen(url: string, names: readonly string[]): void
  readRoom(id: string): Promise<unknown>
  say(id: string, text: string): Promise<number>
  /** Closes the client, as an application does. */
  close(): void
}

declare global {
  interface Window {
    readonly fixture: Fixture
  }
}

const held = new Map<object, number>()

const openedAt = Date.now()

const clock = {
  // stands still but for timers that fire: on a slow machine what is held would be due by itself, with nothing to hasten
  now: () => openedAt,
  after(ms: number, run: () => void) {
    if (ms > 1_000) {
      held.set(run, ms)
      return () => held.delete(run)
    }
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  random: () => 0.999_999,
  secret: () => crypto.randomUUID().replaceAll('-', '').slice(0, 22),
}

const query = new URLSearchParams(location.search)
const timing = query.get('timers') === 'held' ? { clock } : {}
const client = createClient(contract, { url: '/realtime', ...timing })
const subscriber = createSubscriber(contract, 'ticks', { url: '/realtime/events/ticks', ...timing })

const fixture: Fixture = {
  name: query.get('name') ?? '',
  beats: [],
  signs: [],
  ticks: {},
  sources: new Map(),
  messages: new Map(),
  connections: [],
  connection: () => client.connection.getSnapshot(),
  held: () => [...held.values()],
  show(state) {
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  },
  wake(sign) {
    if (sign === 'visibilitychange') fixture.show('visible')
    else if (sign === 'resume') document.dispatchEvent(new Event('resume'))
    else if (sign === 'pageshow') dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
    else dispatchEvent(new Event('online'))
  },
  readTicks(transport) {
    const ticks = transport === 'websocket' ? client.ticks : subscriber
    fixture.ticks[transport] = record(ticks)
    return ticks.ready()
  },
  listen(url, names) {
    fixture.sources.set(url, recordSource(url, names))
  },
  readRoom(id) {
    const messages: string[] = []
    fixture.messages.set(id, messages)
    const room = client.room({ id })
    room.on('message', (message) => messages.push(message))
    return room.ready()
  },
  say: (id, text) => client.room({ id }).send('say', text),
  close: () => client.connection.close(),
}

client.connection.subscribe(() => fixture.connections.push(fixture.connection()))
setInterval(() => fixture.beats.push(Date.now()), 100)
for (const name of ['online', 'pageshow']) addEventListener(name, () => fixture.signs.push(name))
for (const name of ['visibilitychange', 'resume', 'freeze']) {
  document.addEventListener(name, () => fixture.signs.push(name))
}

Object.assign(window, { fixture })
