import { startHttpProxy } from '../../support/http-proxy.js'
import { startProxy } from '../../support/proxy.js'
import { wrongWith } from '../numbers.js'
import type { Promised } from '../row.js'
import { until } from '../until.js'

export interface Program {
  /** Where its server is. */
  readonly url: string
  publish(item: { n: number }): unknown
  readers(): number
  /** Reads over whatever the network lets through. @returns Ends it. */
  read(url: string, show: (n: number) => void): () => void
}

export const promised: Promised<Program> = {
  says: 'a reader that changes from WebSocket to SSE, because its network does, misses nothing',
  async broken({ url, publish, readers, read }) {
    await using proxy = await startHttpProxy(url)
    await using network = await startProxy(proxy.url)
    const post = async (from: number, to: number): Promise<void> => {
      for (let n = from; n <= to; n++) await publish({ n })
    }
    const got: number[] = []
    const stop = read(network.url.origin, (n) => got.push(n))
    using _ = { [Symbol.dispose]: stop }
    await until('it reads', () => readers() === 1)
    await post(1, 3)
    await until('three are there', () => got.length === 3)
    proxy.strip(true) // from now on no WebSocket gets through
    network.refuse(true)
    network.cut()
    await until('it is away', () => readers() === 0)
    await post(4, 6)
    network.refuse(false)
    await until('it is back', () => readers() === 1)
    await post(7, 10)
    await until('the last one is there', () => got.includes(10))
    return wrongWith(got, 10)
  },
}
