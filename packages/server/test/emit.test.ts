import { channel, defineContract, volatile } from '@parley/shared'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createEmitter, createHub } from '../src/index.js'

const make = () =>
  defineContract({
    feed: channel({ events: { item: z.object({ n: z.number() }), hint: volatile(z.string()) } }),
  })

/** The same handle, from a hub and from a stand-alone emitter. */
const kinds = [
  [
    'a hub',
    () => {
      const hub = createHub(make())
      onTestFinished(() => hub.close())
      return hub.channel.feed
    },
  ],
  [
    'an emitter',
    () => {
      const emitter = createEmitter(make(), 'feed')
      onTestFinished(() => emitter.close())
      return emitter
    },
  ],
] as const

/** What a reader is given that asks for all that is kept, up to a position. */
async function kept(topic: ReturnType<(typeof kinds)[number][1]>, until: string): Promise<number[]> {
  const response = await topic.respond(new Request(`http://localhost/feed?from=first&until=${until}`))
  return [...(await response.text()).matchAll(/^data:\{"n":(\d+)\}$/gm)].map(([, n]) => Number(n))
}

test.each(kinds)(
  'an event of %s that is emitted again with its id is the same event, at the same position',
  async (_, start) => {
    const topic = start()
    const first = await topic.emit('item', { n: 1 }, { id: 'order-1' })
    expect(await topic.emit('item', { n: 1 }, { id: 'order-1' })).toBe(first)
    const last = await topic.emit('item', { n: 2 }, { id: 'order-2' })
    expect(await kept(topic, last)).toEqual([1, 2])
  },
)

test.each(kinds)(
  'a volatile event of %s resolves to where the topic is, which it does not move',
  async (_, start) => {
    const topic = start()
    const before = await topic.emit('item', { n: 1 })
    expect(await topic.emit('hint', 'psst')).toBe(before)
    expect(await kept(topic, before)).toEqual([1])
  },
)

test.each(kinds)('concurrent emits of %s keep the order in which they were called', async (_, start) => {
  const topic = start()
  const numbers = Array.from({ length: 50 }, (_, n) => n)
  const positions = await Promise.all(numbers.map((n) => topic.emit('item', { n })))
  expect(await kept(topic, positions.at(-1)!)).toEqual(numbers)
})
