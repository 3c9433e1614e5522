/** What every adapter must keep, in an Ereo server. */
import type { Router } from '@parley/server'
import { completeEreo } from '@parley/server/ereo'
import { insideOf } from '@parley/server/internal'
import { onTestFinished } from 'vitest'
import { adapterSuite, type Host } from '../../packages/server/test/adapters/adapter-suite.js'
import type { Served, ServeOptions } from '../../packages/server/test/adapters/suite/harness.js'
import { ereoServer, mounted } from './ereo-host.js'

async function serve<Context>(router: Router<Context>, { port }: ServeOptions): Promise<Served> {
  const server = await ereoServer(mounted(router, '/realtime'), { port })
  const bun = await server.start()
  completeEreo(server, { maxPayloadLength: insideOf(router).core.topics.limits.frameBytes })
  const stop = async (): Promise<void> => {
    await router.drain({ within: 0 })
    await bun.stop(true)
  }
  return { url: `http://127.0.0.1:${bun.port}/realtime`, stop, [Symbol.asyncDispose]: stop }
}

async function host<Context>(router: Router<Context>, path: string): Promise<Host> {
  const asked: string[] = []
  const told: string[] = []
  const app = ({ request }: { request: Request }): Response => {
    const { pathname } = new URL(request.url)
    asked.push(pathname)
    return new Response(`the host has ${pathname}`)
  }
  const server = await ereoServer(
    {
      ...mounted(router, path),
      ...(path === '/' ? {} : { '/[...all]': { GET: app } }), // it would win over the root
    },
    { port: 0 },
  )
  server.addWebSocketUpgrade('/chat', () => true, {
    open: () => void told.push('open'),
    message: (_ws: unknown, message: string) => void told.push(`message ${message}`),
    close: (_ws: unknown, code?: number, reason?: string) => void told.push(`close ${code} ${reason}`),
  })
  const bun = await server.start()
  completeEreo(server)
  onTestFinished(() => bun.stop(true))
  return { url: `http://127.0.0.1:${bun.port}`, asked, told }
}

adapterSuite('Ereo', {
  serve,
  host,
  publishes: true,
  cuts: 100,
  without: {
    alone: 'a router in Ereo is always a guest',
    methods: 'Ereo answers a method that a route file does not export',
    hostless: 'Ereo parses the address before any route is asked',
  },
})
