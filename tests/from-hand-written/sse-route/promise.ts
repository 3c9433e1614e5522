import { startProxy } from '../../support/proxy.js'
import { HurriedEventSource } from '../hurried-event-source.js'
import { wrongWith } from '../numbers.js'
import type { Promised } from '../row.js'
import { until } from '../until.js'

export interface Order {
  n: number
}

/** A route, and what makes its events. */
export interface Program {
  GET(event: { request: Request }): Response | Promise<Response>
  place(order: Order): unknown
  readers(): number
  /** How the route names its events. */
  readonly name: string
}

export const promised: Promised<Program> = {
  says: 'a reader gets every event, also after a time of silence, and those of a moment in which it was away',
  async broken({ GET, place, readers, name }) {
    const isRead = (): boolean => readers() === 1
    await using server = Bun.serve({ port: 0, fetch: (request) => GET({ request }) })
    await using proxy = await startProxy(server.url)

    const got: number[] = []
    const source = new HurriedEventSource(proxy.url)
    using _ = { [Symbol.dispose]: () => source.close() }
    source.addEventListener(name, ({ data }) => got.push(JSON.parse(data).n))
    await until('the reader is there', isRead)
    for (let n = 1; n <= 3; n++) place({ n })
    await until('the first three are there', () => got.length === 3)

    // Bun lets a response go that says nothing for 10 s; it looks every 4 s
    const end = performance.now() + 15_000
    await until('it was quiet for long', () => !isRead() || performance.now() > end, 20_000)
    const wasCut = !isRead()

    proxy.refuse(true)
    proxy.cut()
    await until('the reader is away', () => !isRead())
    for (let n = 4; n <= 6; n++) place({ n })
    proxy.refuse(false)
    await until('the reader is back', isRead)
    for (let n = 7; n <= 10; n++) place({ n })
    await until('the last one is there', () => got.includes(10))
    return [...(wasCut ? ['cut by Bun after 10 s of silence'] : []), ...wrongWith(got, 10)]
  },
}
