/** What the server draws: what one sees without JavaScript, and what the page's script goes on from. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromJson } from '../../examples/demo/page/loaded.js'
import { type Running, startExample } from '../examples/running.js'
import { firstBlocks } from './event-stream.js'
import { say } from './say.js'

const start = 'examples/demo/start.ts'
const headers = { 'content-type': 'application/json', authorization: 'Bearer Ada' }

const post = (url: string, path: string, body: unknown) =>
  fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
const inLunch = (url: string, text: string) => say(url, { from: 'Ada', room: 'lunch', text })

function loadedIn(html: string) {
  const [, json] = /<script type="application\/json" id="loaded">(.*?)<\/script>/s.exec(html) ?? []
  return fromJson(json!)
}

describe('the page as the server draws it', () => {
  let demo: Running
  beforeAll(async () => {
    demo = await startExample(start)
    await firstBlocks(`${demo.url}/realtime/events/ticks?from=first`, 1, 'tick') // it counts
  })
  afterAll(async () => {
    await demo.stop()
  })
  const page = async (path = '/', cookie = '') =>
    (await fetch(demo.url + path, { headers: { cookie } })).text()

  test('has the messages of its room, the rooms, the notifications and the newest number, and is not kept', async () => {
    await inLunch(demo.url, 'Soup at noon')
    const response = await fetch(`${demo.url}/?room=lunch`)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const html = await response.text()
    const { tick, messages, rooms } = loadedIn(html)
    const drawn = html.slice(0, html.indexOf('id="loaded"'))
    expect(drawn).toContain('<p class="message-text">Soup at noon</p>')
    expect(drawn).toContain('<p class="notice-text">Soup at noon</p>')
    expect(drawn).toContain(String(tick.data!.n).slice(-5))
    expect(messages!.data.at(-1)).toMatchObject({ text: 'Soup at noon', at: expect.any(Date) })
    for (const { id } of rooms.data) expect(drawn).toContain(`href="/?room=${id}"`)
    expect(drawn).not.toContain('style=') // the policy takes none
  })

  test('goes on at the position of what is in it', async () => {
    const { tick } = loadedIn(await page())
    const url = `${demo.url}/realtime/events/ticks?lastEventId=${tick.position}`
    const [next] = await firstBlocks(url, 1, 'tick')
    expect((next!.data as { n: number }).n).toBe(tick.data!.n + 1)
  })

  test('takes what somebody said for a text, in the page and in its data', async () => {
    const text = '</script><img src=x onerror=alert(1)> $& \u2028 <!--'
    await inLunch(demo.url, text)
    const html = await page('/?room=lunch')
    expect(html).not.toContain('<img')
    expect(html.split('</script>').length).toBe(html.split('<script').length)
    expect(loadedIn(html).messages!.data.at(-1)!.text).toBe(text)
  })

  test('is the visitor’s: its name and its colours are in the cookies', async () => {
    const html = await page('/', 'parley-theme=dark; parley-name=Ada%20L.')
    expect(html).toMatch(/<html[^>]* data-theme="dark"/)
    expect(html).toContain('value="Ada L."')
    const odd = await page('/', 'parley-theme="><b>; parley-name=%E0%A4%A; other=1')
    expect(odd).not.toContain('data-theme')
    expect(loadedIn(odd).name).not.toBe('')
  })

  test('says with 404 that there is no such room, or no such address, and answers HEAD with no body', async () => {
    const response = await fetch(`${demo.url}/?room=cellar%3Cb%3E`)
    expect(response.status).toBe(404)
    expect(await response.text()).toContain('This room is not open')
    expect((await fetch(`${demo.url}/nowhere`)).status).toBe(404)
    const head = await fetch(demo.url, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect((await fetch(demo.url, { method: 'POST' })).status).toBe(405)
  })
})

test('the rooms and the sums of the dashboard are there after a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-demo-'))
  const data = join(folder, 'events.db')
  try {
    const before = await startExample(start, { data })
    await post(before.url, '/realtime/call/rooms.create', { name: 'Night Shift' })
    await inLunch(before.url, 'Until tomorrow')
    const changes = await firstBlocks(`${before.url}/realtime/events/stats?from=first`, 1, 'changed')
    expect(changes[0]!.data).toMatchObject({ here: 0 })
    await before.stop()
    const after = await startExample(start, { data })
    const { stats, rooms } = loadedIn(await (await fetch(after.url)).text())
    expect(stats.data).toMatchObject({ rooms: 4, said: 1, imported: 0 })
    expect(rooms.data.at(-1)).toMatchObject({ id: 'night-shift', by: 'Ada' })
    await after.stop()
  } finally {
    await rm(folder, { recursive: true })
  }
})
