import { expect, onTestFinished, test } from 'vitest'
import { serve } from '../../src/adapters/bun.js'
import { bodyOf } from '../shell/raw-http.js'
import { floodHub } from './suite/flood.js'
import { openLink } from './suite/raw-link.js'

// In real time, some 13 s: what is shown here is a time-out of Bun itself, which no virtual clock moves.
test('a silent link outlives Bun’s own time-out of 10 s by its heartbeats', async () => {
  const { router } = floodHub()
  const { url, stop } = serve(router, { port: 0, hostname: '127.0.0.1' })
  onTestFinished(() => stop())
  const { stream, post } = await openLink(url, 'ann')
  const began = bodyOf(stream.text())
  const silence = new Promise<'alive'>((resolve) => setTimeout(() => resolve('alive'), 12_500))
  expect(await Promise.race([silence, stream.ended])).toBe('alive')
  expect(bodyOf(stream.text()).slice(began.length)).toMatch(/^(:\n\n){2}$/)
  expect(router.inspect().connections).toBe(1)
  await post(['ping'])
  await stream.until(/\["pong"\]/)
})
