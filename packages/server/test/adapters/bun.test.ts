import type { Router } from '@parley/server'
import { bunHandler, serve } from '@parley/server/bun'
import { onTestFinished } from 'vitest'
import { adapterSuite, type Host } from './adapter-suite.js'

async function host<Context>(router: Router<Context>, path: string): Promise<Host> {
  const asked: string[] = []
  const told: string[] = []
  const realtime = bunHandler<Context, { chat: true }>(router, {
    path,
    websocket: {
      open: () => void told.push('open'),
      message: (_ws, message) => void told.push(`message ${message}`),
      close: (_ws, code, reason) => void told.push(`close ${code} ${reason}`),
    },
  })
  const server = Bun.serve<{ chat: true }>({
    ...{ port: 0, hostname: '127.0.0.1', websocket: realtime.websocket },
    fetch: (request, self) => realtime.fetch(request, self) ?? app(request, self),
  })
  function app(request: Request, self: Bun.Server<{ chat: true }>): Response {
    const { pathname } = new URL(request.url)
    if (pathname === '/chat' && self.upgrade(request, { data: { chat: true } })) return new Response()
    asked.push(pathname)
    return new Response(`the host has ${pathname}`)
  }
  onTestFinished(() => server.stop(true))
  return { url: server.url.href.replace(/\/$/, ''), asked, told }
}

adapterSuite('Bun', {
  serve: async (router, options) => serve(router, options),
  host,
  publishes: true,
  cuts: 1_000,
})
