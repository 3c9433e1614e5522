import { expect, onTestFinished, test } from 'vitest'
import { startEdge } from './edge.js'
import { bodyOf, rawGet } from './raw-http.js'

// In real time, some 13 s: what is shown here is a time-out of Bun itself, which no virtual clock moves.
test('a silent SSE response outlives Bun’s own time-out of 10 s by its heartbeats', async () => {
  const { url, hub, router } = startEdge()
  const reader = rawGet(`${url}/events/feed`)
  onTestFinished(() => reader.cut())
  await reader.until(/parley\.live.*\n.*\n.*\n\n/)
  const began = bodyOf(reader.text())
  const silence = new Promise<'alive'>((resolve) => setTimeout(() => resolve('alive'), 12_500))
  expect(await Promise.race([silence, reader.ended])).toBe('alive')
  expect(bodyOf(reader.text()).slice(began.length)).toMatch(/^(:\n\n){2}$/)
  expect(router.inspect().readers).toBe(1)
  await hub.channel.feed.emit('note', { text: 'still there' })
  await reader.until(/still there/)
})
