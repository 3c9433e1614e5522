/** The example in EreoJS, as somebody runs it who looks after it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { enter, goAway } from '../../packages/server/test/adapters/suite/serve.js'
import { rawGet } from '../../packages/server/test/shell/raw-http.js'
import { root } from '../../scripts/packages.js'
import { startExample } from './running.js'

async function start() {
  const site = await startExample('examples/ereo/start.ts')
  onTestFinished(async () => void (await site.stop('SIGKILL')))
  return site
}

test('SIGTERM lets what runs finish: a page may still ask, and may move, and then the example ends with 0', async () => {
  const site = await start()
  const socket = await enter(`${site.url}/api/ws`)
  const ended = site.stop('SIGTERM')
  await socket.until((frame) => frame.startsWith('["move"'))
  await expect(fetch(site.url)).rejects.toThrow()
  socket.send(JSON.stringify(['call', 1, 'orders.place', 0, { euros: 5 }]))
  expect(await socket.until((frame) => frame.startsWith('["ok"'))).toContain('"orders":1')
  goAway(socket)
  expect((await ended).code).toBe(0)
})

test.each(['SIGTERM', 'SIGINT'] as const)(
  'the readers of its feed are told at %s that it ends, and are not cut off',
  async (signal) => {
    const site = await start()
    const feed = rawGet(`${site.url}/api/events`)
    await feed.until(/parley\.live/)
    const { code, output } = await site.stop(signal)
    expect(await feed.ended).toMatch(/\r\n0\r\n\r\n$/)
    expect({ code, wrong: /rror|rejection/.exec(output) }).toEqual({ code: 0, wrong: null })
  },
)

test('an address that is nowhere says so as text, which no browser saves as a file', async () => {
  const site = await start()
  const response = await fetch(`${site.url}/a/b`)
  expect(response.status).toBe(404)
  expect(response.headers.get('content-type')).toContain('text/plain')
  expect(await response.text()).toContain('nothing here')
})

test('the example installs by itself, too: it lets Ereo have its React, as the repository does', () => {
  const overridesOf = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8')).overrides
  expect(overridesOf('examples/ereo/package.json')).toEqual(overridesOf('package.json'))
  expect(overridesOf('package.json')).toHaveProperty(['@ereo/client'])
})
