import { type RawWebSocket, rawWebSocket } from '../../support/raw-websocket.js'
import type { Promised } from '../row.js'
import { until } from '../until.js'

/** A chat whose members are known by their cookie. */
export interface Program {
  /** Where its WebSocket is. */
  readonly url: string
  /** What a client says first, and what shows that it is there. */
  enters(): readonly string[]
  isIn(frame: string): boolean
  /** The frame that says this, whatever it is. */
  say(what: Record<string, unknown>): string
  /** What a frame shows to others: who said what. */
  shown(frame: string): { readonly userId: unknown; readonly text: unknown } | undefined
  /** What was thrown in its handlers, and went to nobody. */
  readonly thrown: readonly unknown[]
}

export const promised: Promised<Program> = {
  says: 'only pages of the same origin speak for a user, and nothing but what is meant is passed on',
  async broken({ url, enters, isIn, say, shown, thrown }) {
    const wrong: string[] = []
    const { origin } = new URL(url.replace(/^ws/, 'http'))
    const enter = async (userId: string, from = origin): Promise<RawWebSocket> => {
      const socket = await rawWebSocket(url, { Origin: from, Cookie: `user=${userId}` })
      for (const frame of enters()) socket.send(frame)
      return socket
    }
    const entered = async (userId: string): Promise<RawWebSocket> => {
      const socket = await enter(userId)
      await socket.until(isIn)
      return socket
    }

    const listener = await entered('carol')
    const all = () => listener.frames.map(shown).filter((one) => one !== undefined)
    /** All that is shown by the time that something said later is. */
    const afterwards = async (text: string) => {
      const socket = await entered('dave')
      socket.send(say({ text }))
      await until(`${text} is shown`, () => all().some((one) => one.text === text))
      socket.cut()
      return all()
    }

    // a page elsewhere, in a browser in which ann has signed in: the browser sends her cookie along
    const foreign = await enter('ann', 'https://evil.example')
    foreign.send(say({ text: 'buy it' }))
    await Promise.race([foreign.closed, afterwards('one')])
    if ((await afterwards('two')).some(({ userId }) => userId === 'ann')) {
      wrong.push('a page of https://evil.example spoke as ann')
    }
    foreign.cut()

    const liar = await entered('bob')
    liar.send(say({ text: 'I owe bob 5', userId: 'ann' }))
    const claimed = (await afterwards('three')).find(({ text }) => text === 'I owe bob 5')
    if (claimed?.userId === 'ann') wrong.push('bob spoke as ann')
    liar.cut()

    const careless = await entered('bob')
    careless.send(say({ text: { not: 'a text' } }))
    if ((await afterwards('four')).some(({ text }) => typeof text !== 'string')) {
      wrong.push('a text that is no text was passed on to everybody')
    }
    careless.cut()

    const broken = await entered('bob')
    const { length } = broken.frames
    broken.send('not JSON')
    const isTold = await Promise.race([
      broken.closed.then(() => true),
      afterwards('five').then(() => broken.frames.slice(length).some((frame) => shown(frame) === undefined)),
    ])
    if (thrown.length > 0) wrong.push("'not JSON' threw in the handler")
    if (!isTold) wrong.push('and whoever sent it was not told')
    broken.cut()
    listener.cut()
    return wrong
  },
}
