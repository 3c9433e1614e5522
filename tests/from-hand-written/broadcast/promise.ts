import { type RawWebSocket, rawWebSocket } from '../../support/raw-websocket.js'
import type { Promised } from '../row.js'
import { until } from '../until.js'

export interface Item {
  n: number
  fill: string
}

export interface Program {
  /** Where its WebSocket is. */
  readonly url: string
  /** What a client says first, and what shows that it is there. */
  enters(): readonly string[]
  isIn(frame: string): boolean
  /** Sends to everybody. */
  send(item: Item): unknown
  /** Bytes that the process keeps for those who have not taken them. */
  held(): number
  /** The number in a frame that has one. */
  numberOf(frame: string): number | undefined
  /** The frame says that something is missing. */
  isGap(frame: string): boolean
}

const mebibyte = 1_048_576
const count = 3_000
const fill = 'x'.repeat(10_000)

export const promised: Promised<Program> = {
  says: 'a reader that takes nothing costs a bounded memory, and is told what it missed',
  async broken({ url, enters, isIn, send, held, numberOf, isGap }) {
    const enter = async (): Promise<RawWebSocket> => {
      const socket = await rawWebSocket(url)
      for (const frame of enters()) socket.send(frame)
      await socket.until(isIn)
      return socket
    }
    const [healthy, stalled] = [await enter(), await enter()]
    const isLast = (frame: string) => numberOf(frame) === count
    stalled.pause()
    let most = 0
    for (let n = 1; n < count; n++) {
      await send({ n, fill })
      most = Math.max(most, held())
      if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    stalled.resume()
    await until('what is held is taken', () => held() === 0)
    await send({ n: count, fill })
    await Promise.all([healthy.until(isLast), stalled.until(isLast)])

    const wrong: string[] = []
    if (most > 3 * mebibyte)
      wrong.push(`${Math.round(most / mebibyte)} MiB were held for one reader that took nothing`)
    for (const [who, { frames }] of [
      ['the reader that took everything', healthy],
      ['that reader', stalled],
    ] as const) {
      const got = frames.filter((frame) => numberOf(frame) !== undefined).length
      if (got < count && !frames.some(isGap)) wrong.push(`${who} missed what came on top, and was not told`)
    }
    healthy.cut()
    stalled.cut()
    return wrong
  },
}
