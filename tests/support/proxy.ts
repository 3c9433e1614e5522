/** A TCP proxy that breaks, in each of the ways in which a network does. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface FaultyProxy extends AsyncDisposable {
  /** The target's address, with the port of the proxy. */
  readonly url: URL
  /** Links that were accepted, and those that were cut while they were open. */
  readonly counts: { readonly accepted: number; readonly cut: number }
  /** Every link breaks at once, both ways; what is under way is lost. The result counts them. */
  cut(): number
  /** Links that are open now go dead in silence: whatever comes is swallowed, a close included. */
  halfOpen(): void
  /** Links that are open now carry nothing until `resume`, and what comes piles up in front of them. */
  stall(): void
  resume(): void
  /**
   * What comes down from the server on links that are open now, or up from the client on any, stays in the proxy until
   * `cut` loses it.
   */
  hold(way: 'up' | 'down'): void
  /** Resolves once all of these texts are held, of one link. */
  holds(...texts: readonly string[]): Promise<void>
  /** Whether new links are cut as soon as they come. */
  refuse(isRefusing: boolean): void
  /** Cuts every link and frees the port. */
  stop(): Promise<void>
}

/** Two sockets, and whether what comes from one still reaches the other. */
interface Pair {
  readonly ends: readonly [Socket, Socket]
  /** What came and was not passed on, and which way that goes. */
  held: string
  holds: 'down' | undefined
  isDead: boolean
  isStalled: boolean
}

/** Listens on a free port of this machine, and passes everything on to the target. */
export async function startProxy(target: URL | string): Promise<FaultyProxy> {
  const url = new URL(target)
  const { port, hostname } = url
  const pairs = new Set<Pair>()
  const counts = { accepted: 0, cut: 0 }
  let isRefusing = false
  let isHeldUp = false
  const waiting = new Set<() => void>()

  const drop = (pair: Pair): void => {
    pairs.delete(pair)
    for (const end of pair.ends) end.destroy()
  }

  const join = (pair: Pair, from: Socket, to: Socket): void => {
    from.setNoDelay(true)
    const way = from === pair.ends[0] ? 'up' : 'down'
    from.on('data', (bytes) => {
      if (pair.isDead) return
      if (pair.holds === way || (isHeldUp && way === 'up')) {
        pair.held += bytes.toString('latin1')
        for (const look of [...waiting]) look()
      } else if (!to.write(bytes)) from.pause()
    })
    to.on('drain', () => {
      if (!pair.isStalled) from.resume()
    })
    from.on('error', () => {}) // a reset is an end like any other: `close` follows
    from.on('close', () => {
      if (!pair.isDead) drop(pair)
    })
  }

  const server = createServer((client) => {
    if (isRefusing) {
      client.destroy()
      return
    }
    counts.accepted++
    const pair: Pair = {
      ends: [client, connect({ port: Number(port), host: hostname })],
      held: '',
      holds: undefined,
      isDead: false,
      isStalled: false,
    }
    pairs.add(pair)
    join(pair, pair.ends[0], pair.ends[1])
    join(pair, pair.ends[1], pair.ends[0])
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const each = (change: (pair: Pair) => void): void => {
    for (const pair of [...pairs]) change(pair)
  }
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    each(drop)
    await closed
  }
  url.port = String((server.address() as AddressInfo).port)
  return {
    url,
    counts,
    cut() {
      const before = counts.cut
      each((pair) => {
        if (!pair.isDead) counts.cut++
        drop(pair)
      })
      isHeldUp = false
      return counts.cut - before
    },
    halfOpen: () =>
      each((pair) => {
        pair.isDead = true
      }),
    stall: () =>
      each((pair) => {
        pair.isStalled = true
        for (const end of pair.ends) end.pause()
      }),
    resume: () =>
      each((pair) => {
        pair.isStalled = false
        for (const end of pair.ends) end.resume()
      }),
    hold(way) {
      if (way === 'up') isHeldUp = true
      else
        each((pair) => {
          pair.holds = way
        })
    },
    holds: (...texts) =>
      new Promise((resolve) => {
        const look = (): void => {
          const isThere = [...pairs].some(
            ({ held }) => held !== '' && texts.every((text) => held.includes(text)),
          )
          if (!isThere) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    refuse(value) {
      isRefusing = value
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
