import { virtualClock } from '@parley/shared/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { createSubscriber } from '../src/index.js'
import { event, live, ready, ScriptedFetch } from './transports/scripted-fetch.js'
import { contract, outcome, world } from './world.js'

afterEach(() => vi.restoreAllMocks())

function fail(when: string): never {
  throw new Error(`the logger is away, ${when}`)
}

test.each([
  ['throws', () => fail('at once')],
  ['rejects', async () => fail('later')],
])('an `onReport` that %s loses neither the report nor the end of what waits', async (_, onReport) => {
  const printed = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const { clock, server, client } = world({ onReport })
  const listed = outcome(client.rooms.list())
  await server.until('call')
  server.close(4401)
  await clock.advance(0)
  expect(await listed).toBe('UNAUTHENTICATED')
  const lines = printed.mock.calls.map(([line]) => String(line))
  expect(lines[0]).toContain('ended for good: UNAUTHENTICATED')
  expect(lines[1]).toMatch(/listener-failed onReport/)
})

test('an `onReport` that throws does not end the loop of a subscriber', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  const clock = virtualClock()
  const script = new ScriptedFetch()
  const news = createSubscriber(contract, 'news', {
    url: '/x',
    clock,
    fetch: script.fetch,
    onReport: () => fail('again'),
  })
  const seen: number[] = []
  news.on('item', ({ n }) => {
    seen.push(n)
    throw new Error('a bug of the listener')
  })
  await clock.settle()
  script.last.open(
    ready('e-1') + live('e-1') + event('item', { n: 2 }, 'e-2') + event('item', { n: 3 }, 'e-3'),
  )
  await clock.settle()
  script.last.fail()
  await clock.advance(2_000)
  expect(seen).toEqual([2, 3])
  expect(script.last.headers.get('last-event-id')).toBe('e-3')
})
