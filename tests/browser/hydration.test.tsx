/** From a page that the server rendered to live, in a browser and over a socket. */
import { join } from 'node:path'
import { createClient } from '@parley/client'
import { anyone, createHub, createRouter } from '@parley/server'
import { bunHandler } from '@parley/server/bun'
import { renderToString } from 'react-dom/server'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { describeInChromium, oneBrowser } from './chromium.js'
import { contract } from './page/contract.js'
import type { Hydration } from './page/hydrate.js'
import { RoomPage } from './page/room-page.js'
import { visit } from './visit.js'

async function buildScript(): Promise<Blob> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dirname, 'page/hydrate.tsx')],
    target: 'browser',
    conditions: ['source'],
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  return outputs[0]!
}

function startSite(code: Blob) {
  const hub = createHub(contract)
  const said: string[] = []
  const say = async (text: string) => {
    said.push(text)
    await hub.channel.room({ id: 'a' }).emit('message', text)
  }
  const router = createRouter(hub, {
    ticks: { join: anyone },
    news: { join: anyone },
    room: { join: anyone, messages: { say: () => 0 } },
  })
  const realtime = bunHandler(router, { path: '/realtime' })
  const atServer = createClient(contract, { transport: router.link({ context: undefined }) })

  async function html(): Promise<string> {
    const loaded = await hub.snapshot(hub.channel.room({ id: 'a' }), async () => {
      await say('while-it-loads')
      return [...said]
    })
    const body = renderToString(<RoomPage room={atServer.room({ id: 'a' })} loaded={loaded} />)
    await say('before-it-arrives')
    const script = `<script>window.loaded = ${JSON.stringify(loaded)}</script><script type="module" src="/page.js"></script>`
    return `<!doctype html><title>Parley</title><div id="root">${body}</div>${script}`
  }

  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request, self) {
      const { pathname } = new URL(request.url)
      if (pathname === '/') return new Response(await html(), { headers: { 'content-type': 'text/html' } })
      if (pathname === '/page.js') {
        await say('before-its-script-runs')
        return new Response(code, { headers: { 'content-type': 'text/javascript' } })
      }
      return (await realtime.fetch(request, self)) ?? new Response(null, { status: 404 })
    },
    websocket: realtime.websocket,
  })
  onTestFinished(async () => {
    await hub.close()
    await server.stop(true)
  })
  return { url: `http://127.0.0.1:${server.port}/`, say }
}

describeInChromium('a page that the server rendered', () => {
  const browser = oneBrowser()
  let code: Blob
  beforeAll(async () => {
    code = await buildScript()
  })

  test('shows at first what the server rendered, and then everything that came since, once', async () => {
    const site = startSite(code)
    await site.say('early')
    const page = await visit(browser(), site.url)
    const since = 'early while-it-loads before-it-arrives before-its-script-runs'
    const shows = (wanted: string) =>
      page.waitForFunction((text) => document.getElementById('root')?.textContent === text, wanted)
    await shows(since)
    await site.say('live')
    await shows(`${since} live`)
    const { mismatches, shown } = (await page.evaluate(() => window.hydration)) satisfies Hydration
    expect(mismatches).toEqual([])
    expect(shown[0]).toBe('early while-it-loads')
    expect(shown.every((text) => text.startsWith('early while-it-loads'))).toBe(true)
  })
})
