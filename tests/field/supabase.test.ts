/** Faults of Supabase Realtime, as promises that are kept here. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { numbers, reader, transports, world } from './world.js'

// supabase-js #1599: SUBSCRIBED was said before the source was listened to, and the events of the next seconds were lost
test.each(transports)(
  'what is emitted in the very moment in which a topic is ready arrives, over %s',
  async (transport) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(60), fc.nat(5), async (delayMs, before) => {
        const all = world({
          delayMs,
          join: () => new Promise((resolve) => void all.clock.after(delayMs, () => resolve(true))),
        })
        await all.emit(1, before)
        const { ticks, seen } = reader(all, transport)
        let position = ''
        void ticks.ready().then((at) => {
          position = at
          return all.emit(before + 1, before + 3)
        })
        await all.clock.runUntil(() => position !== '')
        await all.clock.advance(200)
        expect(seen).toEqual(numbers(before + 1, before + 3))
        expect(position).toMatch(new RegExp(`-${before}$`))
      }),
      { numRuns: 30 },
    )
  },
)
