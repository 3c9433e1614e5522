/** One request and its response over the network of a world. */

import type { Network } from '../../packages/shared/src/testing/connection.js'
import { Lane } from '../../packages/shared/src/testing/lane.js'
import type { Host, Wire } from './line.js'
import type { Process } from './process.js'

export interface FetchOptions {
  readonly network: Omit<Network, 'ended'> & { readonly ended: () => void }
  /** The program that asks. */
  readonly owner: Process
  /** Without one the request is refused. */
  readonly host: Host | undefined
  readonly request: Request
}

/** So much travels before the server has to wait for its reader. */
const windowBytes = 16_384
/** After so long a server's machine gives up one that takes nothing and says nothing. */
const giveUpMs = 60_000

export function fetchOver({ network, owner, host, request }: FetchOptions): {
  readonly wire: Wire
  readonly response: Promise<Response>
} {
  const down = new Lane(network)
  const up = new Lane(network)
  let isOver = false
  let isDead = false
  let body: ReadableStreamDefaultReader<Uint8Array> | undefined
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let settle!: { resolve(response: Response): void; reject(error: unknown): void }
  const response = new Promise<Response>((resolve, reject) => {
    settle = { resolve, reject }
  })

  const end = (): void => {
    isOver = true
    up.clear()
    down.clear()
    network.ended()
  }
  /** The client is told; a dead program is told nothing. */
  const fail = (error: unknown): void => {
    if (owner.isDead) return
    settle.reject(error)
    try {
      controller?.error(error)
    } catch {
      // it has ended already
    }
  }
  const letServerGo = (): void => {
    if (host && !host.process.isDead) body?.cancel().catch(() => {})
  }
  const cut = (): void => {
    if (isOver) return
    end()
    network.clock.after(network.travelMs(), () => fail(new TypeError('the network failed')))
    network.clock.after(network.travelMs(), letServerGo)
  }

  const abort = (): void => {
    if (isOver || owner.isDead) return
    fail(request.signal.reason)
    end()
    network.clock.after(isDead ? giveUpMs : network.travelMs(), letServerGo)
  }

  async function answer(): Promise<void> {
    const answered = await host!.fetch(request)
    body = answered.body?.getReader()
    if (isOver || isDead) {
      letServerGo()
      return
    }
    down.push(1, () => settle.resolve(new Response(bodyOf(answered), answered)))
    for (;;) {
      const piece = await body?.read()
      if (isOver || isDead) return
      if (!piece || piece.done) break
      await room()
      if (isOver || isDead) return
      const { value } = piece
      down.push(value.length, () => {
        network.counts.delivered++
        if (!owner.isDead) controller?.enqueue(value)
      })
    }
    down.push(1, () => {
      if (!owner.isDead) controller?.close()
      end()
    })
  }

  /** Waits until little is under way. */
  async function room(): Promise<void> {
    while (down.bytes > windowBytes && !isOver && !isDead)
      await new Promise<void>((resolve) => void network.clock.after(20, resolve))
  }

  function bodyOf({ body: answered }: Response): ReadableStream<Uint8Array> | null {
    if (!answered) return null
    return new ReadableStream<Uint8Array>({
      start(its) {
        controller = its
      },
    })
  }

  const wire: Wire = {
    cut,
    deaden() {
      if (isDead) return
      isDead = true
      up.clear()
      down.clear()
      network.clock.after(giveUpMs, letServerGo)
    },
    resume() {
      up.resume()
      down.resume()
    },
  }
  request.signal.addEventListener('abort', abort)
  if (request.signal.aborted) abort()
  else if (!host) cut()
  else
    up.push(1, () => {
      network.counts.delivered++
      if (host.process.isDead) cut()
      else void answer()
    })
  return { wire, response }
}
