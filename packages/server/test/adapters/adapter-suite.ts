/**
 * What every adapter must keep, whatever server it is for: how a router is mounted, each way into it, and what becomes
 * of clients that are slow, gone or hostile. The test of a new adapter calls `adapterSuite` and adds what is its own.
 *
 * @example
 * adapterSuite('Node', { serve, host, publishes: false, cuts: 100 })
 */
import { describe } from 'vitest'
import { badInputTests } from './suite/bad-input.js'
import { countTests } from './suite/counts.js'
import { floodTests } from './suite/flood.js'
import { type AdapterUnderTest, edgeOver } from './suite/harness.js'
import { httpTests } from './suite/http.js'
import { linkTests } from './suite/link.js'
import { mountTests } from './suite/mount.js'
import { originTests } from './suite/origin.js'
import { serveTests } from './suite/serve.js'
import { sseTests } from './suite/sse.js'

export type { AdapterUnderTest, Host } from './suite/harness.js'

export function adapterSuite(name: string, adapter: AdapterUnderTest): void {
  const startEdge = edgeOver(adapter)
  describe(name, () => {
    describe('a router mounted beside an application', () => mountTests(adapter))
    describe.skipIf(adapter.without?.alone)('a server that stands alone', () => serveTests(adapter))
    describe('HTTP', () => httpTests(startEdge, adapter.without))
    describe('SSE', () => sseTests(startEdge))
    describe('the fallback link', () => linkTests(adapter))
    describe('the origin of a request', () => originTests(startEdge))
    describe('bad input', () => badInputTests(startEdge))
    describe('a flood', () => floodTests(adapter))
    describe('clients that vanish', () => countTests(startEdge, adapter.cuts))
  })
}
