/** Fallback links over real sockets: what clients that are gone leave behind. */
import { expect, onTestFinished, test } from 'vitest'
import { floodHub } from './flood.js'
import type { AdapterUnderTest } from './harness.js'
import { openLink, subscribe } from './raw-link.js'

export function linkTests({ serve }: AdapterUnderTest): void {
  test('clients that come and go without a goodbye leave no connection, reader or timer', async () => {
    const { router } = floodHub()
    const { url, stop } = await serve(router, { port: 0, hostname: '127.0.0.1' })
    onTestFinished(() => stop())
    for (let i = 0; i < 20; i++) {
      const links = await Promise.all(Array.from({ length: 10 }, (_, k) => openLink(url, `${i}-${k}`)))
      await Promise.all(links.map(subscribe))
      expect(router.inspect().readers).toBe(10)
      for (const { stream } of links) stream.cut()
      await expect.poll(() => router.inspect().connections).toBe(0)
    }
    // what is kept is what they may come back to
    expect(router.inspect()).toMatchObject({
      ...{ readers: 0, topics: 0, timers: 1, queuedBytes: 0, sessions: 200 },
    })
  })
}
