import { clientDefaults } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { TransportChoice } from '../../src/core/transport-choice.js'

test('a client that never had a WebSocket may fall back at once', () => {
  const choice = new TransportChoice()
  choice.webSocketFailed()
  expect([choice.first, choice.mayFallBack]).toEqual(['websocket', true])
})

test('one that had a WebSocket may fall back after three that did not open, and counts anew after one that did', () => {
  const choice = new TransportChoice()
  choice.webSocketOpened()
  choice.webSocketServed()
  const may = [1, 2, 3].map(() => {
    choice.webSocketFailed()
    return choice.mayFallBack
  })
  expect(may).toEqual([false, false, true])
  choice.webSocketOpened()
  choice.webSocketFailed()
  expect(choice.mayFallBack).toBe(false)
})

test('a fallback that opened comes first until it does not open, or a WebSocket does', () => {
  const choice = new TransportChoice()
  choice.fallbackOpened()
  expect(choice.first).toBe('fallback')
  choice.fallbackFailed()
  expect([choice.first, choice.mayFallBack]).toEqual(['websocket', true])
  choice.fallbackOpened()
  choice.webSocketOpened()
  expect([choice.first, choice.mayFallBack]).toEqual(['websocket', true])
  choice.webSocketServed()
  expect(choice.mayFallBack).toBe(false)
})

test('a WebSocket that opened and brought nothing gives way to the fallback', () => {
  const choice = new TransportChoice()
  choice.webSocketOpened()
  choice.webSocketWasMute()
  expect(choice.first).toBe('fallback')
})

test('probes come later and later, up to a bound, and from the start again after a WebSocket that served', () => {
  const choice = new TransportChoice()
  const { probeBaseMs, probeCapMs } = clientDefaults
  expect([0, 1, 2].map(() => choice.probeMs(0.5))).toEqual([1, 2, 4].map((n) => n * probeBaseMs))
  for (let i = 0; i < 100; i++) choice.probeMs(0)
  expect([choice.probeMs(0), choice.probeMs(0.999_999)]).toEqual([
    probeCapMs / 2,
    expect.closeTo(1.5 * probeCapMs, -1),
  ])
  choice.webSocketOpened()
  expect(choice.probeMs(0)).toBe(probeCapMs / 2)
  choice.webSocketServed()
  expect(choice.probeMs(0)).toBe(probeBaseMs / 2)
})
