/** Only type-checked: what a subscriber knows of its channel. */
import { channel, defineContract, volatile } from '@parley/shared'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { createSubscriber, type ReadGap, type TopicStatus } from '../src/index.js'

const contract = defineContract({
  feed: channel({
    events: {
      note: z.object({ text: z.string(), likes: z.number().default(0) }),
      length: z.string().transform((text) => text.length),
      typing: volatile(z.boolean()),
    },
  }),
  timed: channel({ events: { tick: z.date() }, times: true }),
  deep: { inbox: channel({ params: z.object({ user: z.string() }), events: { mail: z.string() } }) },
})

const feed = createSubscriber(contract, 'feed', { url: '/api/events' })

// a reader gets the output of a schema
feed.on('note', (note, details) => {
  expectTypeOf(note).toEqualTypeOf<{ text: string; likes: number }>()
  expectTypeOf(details.position).toEqualTypeOf<string | undefined>()
  expectTypeOf(details.replayed).toEqualTypeOf<boolean>()
  // @ts-expect-error the channel keeps no times
  details.at
})
feed.on('length', (length) => expectTypeOf(length).toEqualTypeOf<number>())
feed.on('typing', (typing) => expectTypeOf(typing).toEqualTypeOf<boolean>(), { from: { last: 5 } })
expectTypeOf(feed.on('note', () => {})).toEqualTypeOf<() => void>()
expectTypeOf(feed.ready()).toEqualTypeOf<Promise<string>>()
expectTypeOf(feed.status.getSnapshot()).toEqualTypeOf<TopicStatus>()
feed.onGap((gap) => expectTypeOf(gap).toEqualTypeOf<ReadGap>())

// @ts-expect-error no such event
feed.on('nott', () => {})
// @ts-expect-error a listener of something else
feed.on('note', (note: { text: number }) => note)
// @ts-expect-error no such place to begin
feed.on('note', () => {}, { from: { lats: 5 } })

// a loop tells events apart by their name, and from gaps
async function loop(): Promise<void> {
  for await (const item of feed.events({ from: 'first' })) {
    if (item.gap) {
      expectTypeOf(item.gap).toEqualTypeOf<ReadGap>()
      continue
    }
    expectTypeOf(item.position).toEqualTypeOf<string | undefined>()
    if (item.name === 'note') expectTypeOf(item.data).toEqualTypeOf<{ text: string; likes: number }>()
    else if (item.name === 'length') expectTypeOf(item.data).toEqualTypeOf<number>()
    else expectTypeOf(item.data).toEqualTypeOf<boolean>()
  }
  for await (const { name, data } of feed.events()) {
    expectTypeOf(name).toEqualTypeOf<'note' | 'length' | 'typing' | undefined>()
    if (name === 'note') expectTypeOf(data).toEqualTypeOf<{ text: string; likes: number }>()
  }
}
void loop

// times
createSubscriber(contract, 'timed', { url: '/' }).on('tick', (at, details) => {
  expectTypeOf(at).toEqualTypeOf<Date>()
  expectTypeOf(details.at).toEqualTypeOf<number | undefined>()
})

// paths and params
createSubscriber(contract, 'deep.inbox', { url: '/', params: { user: 'a' } }).on('mail', (mail) =>
  expectTypeOf(mail).toEqualTypeOf<string>(),
)
createSubscriber(contract, 'deep.inbox', { url: '/' }) // the route may choose the topic itself
// @ts-expect-error params of another type
createSubscriber(contract, 'deep.inbox', { url: '/', params: { user: 5 } })
// @ts-expect-error this channel has no params
createSubscriber(contract, 'feed', { url: '/', params: { user: 'a' } })
// @ts-expect-error no such channel
createSubscriber(contract, 'deep.outbox', { url: '/' })
// @ts-expect-error the address is needed
createSubscriber(contract, 'feed', {})
createSubscriber(contract, 'feed', { url: '/', headers: async () => ({ authorization: 'Bearer x' }) })
createSubscriber(contract, 'feed', { url: '/', headers: [['a', 'b']], credentials: 'include', lingerMs: 0 })
