import { createElement, type FunctionComponent, StrictMode } from 'react'
import { startProxy } from '../../support/proxy.js'
import { wrongWith } from '../numbers.js'
import { show, visit } from '../page.js'
import type { Promised } from '../row.js'
import { until } from '../until.js'

export interface Order {
  n: number
  text: string
}

/** A component that lists the newest 50 orders, and the route that it reads. */
export interface Program {
  readonly Orders: FunctionComponent
  GET(event: { request: Request }): Response | Promise<Response>
  place(order: Order): unknown
  readers(): number
}

export const promised: Promised<Program> = {
  says: 'the page gets every event, holds the newest 50, and goes on after a cut and after a restart of the server',
  async broken({ Orders, GET, place, readers }) {
    let isDown = false
    let refused = 0
    await using server = Bun.serve({
      port: 0,
      fetch(request) {
        if (!isDown) return GET({ request })
        refused++
        return new Response('no server', { status: 502 }) // as a proxy says it
      },
    })
    await using proxy = await startProxy(server.url)
    using visited = visit(proxy.url)
    await using page = await show(createElement(StrictMode, null, createElement(Orders)))
    const shown = (): number[] => page.items().map((text) => Number.parseInt(text, 10))
    const post = async (from: number, to: number): Promise<void> => {
      for (let n = from; n <= to; n++) await place({ n, text: 'one more' })
    }

    const reads = (): boolean => readers() === 1 && visited.isListening()
    await until('the page reads', reads)
    await post(1, 3)
    await until('three are shown', () => shown().length === 3)
    proxy.refuse(true)
    proxy.cut()
    await until('the page is away', () => readers() === 0)
    await post(4, 6)
    proxy.refuse(false)
    await until('the page is back', reads)
    await post(7, 10)
    await until('the tenth is shown', () => shown().includes(10))
    const wrong = wrongWith(shown(), 10)

    await post(11, 1_000)
    await until('the last is shown', () => shown().includes(1_000))
    const held = shown().length
    if (held > 50) wrong.push(`holds ${held} orders to show 50`)

    isDown = true
    proxy.cut()
    await until('the page heard that the server is down', () => refused > 0)
    isDown = false
    const hasGivenUp = (): boolean => visited.sources.at(-1)?.readyState === 2
    await until('the page is back, or never will be', () => reads() || hasGivenUp())
    if (hasGivenUp()) wrong.push('one answer of 502, and nothing comes any more')
    return wrong
  },
}
