import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { ServerSession } from '../../src/shell/session.js'

test('credentials that end at a fraction of a millisecond are told of in whole ones, as frames want it', () => {
  const clock = virtualClock()
  const session = new ServerSession(clock, 'websocket')
  session.expiresAt(clock.now() / 1_000 + 10.000_25)
  expect(session.expiresInMs).toBe(10_000)
  clock.jump(9_999.5)
  expect(session.expiresInMs).toBe(0)
})
