/** The server of the browser tests: the page, a hub, a stand-alone emitter, and counts of what came in. */
import { join } from 'node:path'
import { anyone, createEmitter, createHub, createRouter, type RespondOptions } from '@parley/server'
import { bunHandler } from '@parley/server/bun'
import { contract } from './page/contract.js'

/** Counted at the door, before anything of Parley sees it. */
export interface Seen {
  /** Attempts to open a WebSocket, and those that opened. */
  upgrades: number
  sockets: number
  /** Requests for events over SSE. */
  responses: number
  /** Pings that clients sent. */
  pings: number
}

export interface SiteOptions {
  readonly port?: number
  /** Number of the first tick. */
  readonly firstTick?: number
}

export type Site = Awaited<ReturnType<typeof startSite>>

const html = '<!doctype html><title>Parley</title><script type="module" src="/page.js"></script>'
/** An EventSource comes back after this. */
const limits = { sseRetryMs: 100 }

/** `/news?seconds=1`: the right to read ends after so long, and with it the response. */
function readingFor(seconds: string | null): RespondOptions {
  return seconds === null ? {} : { expiresAt: new Date(Date.now() + Number(seconds) * 1_000) }
}

async function buildPage(): Promise<Blob> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dirname, 'page/page.ts')],
    target: 'browser',
    conditions: ['source'],
  })
  return outputs[0]!
}

export async function startSite({ port = 0, firstTick = 1 }: SiteOptions = {}) {
  const page = await buildPage()
  const hub = createHub(contract, { limits })
  const news = createEmitter(contract, 'news', { limits })
  let said = 0
  const router = createRouter(hub, {
    ticks: { join: anyone },
    news: { join: anyone },
    room: {
      join: anyone,
      messages: {
        async say({ input, emit }) {
          await emit('message', input)
          said += 1
          return said
        },
      },
    },
  })
  const realtime = bunHandler(router, { path: '/realtime' })
  const seen: Seen = { upgrades: 0, sockets: 0, responses: 0, pings: 0 }
  let isRefusing = false
  let flow: ReturnType<typeof setInterval> | undefined
  let n = firstTick - 1

  const server = Bun.serve({
    port,
    hostname: '127.0.0.1',
    fetch(request, self) {
      const { pathname, searchParams } = new URL(request.url)
      if (pathname === '/') return new Response(html, { headers: { 'content-type': 'text/html' } })
      if (pathname === '/page.js')
        return new Response(page, { headers: { 'content-type': 'text/javascript' } })
      if (pathname === '/seen') return Response.json(seen)
      if (request.headers.has('upgrade')) seen.upgrades += 1
      else if (pathname.startsWith('/realtime/events/')) seen.responses += 1
      if (isRefusing) return new Response(null, { status: 503 })
      if (pathname === '/news') return news.respond(request, readingFor(searchParams.get('seconds')))
      return realtime.fetch(request, self) ?? new Response(null, { status: 404 })
    },
    websocket: {
      ...realtime.websocket,
      open(ws) {
        seen.sockets += 1
        return realtime.websocket.open?.(ws)
      },
      message(ws, message) {
        if (message === '["ping"]') seen.pings += 1
        return realtime.websocket.message?.(ws, message)
      },
    },
  })

  const tick = () => hub.channel.ticks.emit('tick', { n: ++n, at: new Date() })
  return {
    url: `http://127.0.0.1:${server.port}/`,
    hub,
    news,
    seen,
    /** From now on, no WebSocket and no response for events. */
    refuse(refusing: boolean): void {
      isRefusing = refusing
    },
    /** Emits one tick; its number is that of the one before and 1. */
    tick,
    /** Ticks by itself from now on, until `stop`. */
    startTicks(everyMs: number): void {
      flow = setInterval(tick, everyMs)
    },
    connections: () => router.inspect().connections,
    sessions: () => router.inspect().sessions,
    /** Number of the newest tick. */
    newest: () => n,
    /** Tells everybody to come back, and frees the port. */
    async stop(): Promise<void> {
      clearInterval(flow)
      news.close()
      await hub.close()
      await server.stop(true)
    },
  }
}
