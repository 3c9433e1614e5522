/** Only type-checked: what `hub.snapshot` takes and gives. */
import { channel, defineContract } from '@parley/shared'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { createHub, type Snapshot } from '../src/index.js'

const contract = defineContract({
  news: channel({ events: { item: z.object({ n: z.number() }) } }),
  room: channel({ params: z.object({ id: z.string() }), events: { message: z.string() } }),
  here: channel({ events: { message: z.string() }, presence: z.object({ name: z.string() }) }),
})
const hub = createHub(contract)

expectTypeOf(await hub.snapshot(hub.channel.news, () => [{ n: 1 }])).toEqualTypeOf<
  Snapshot<{ n: number }[]>
>()
expectTypeOf(await hub.snapshot(hub.channel.room({ id: 'a' }), async () => 'a')).toEqualTypeOf<
  Snapshot<string>
>()
const { position } = await hub.snapshot(hub.channel.here, async () => null)
expectTypeOf(position).toEqualTypeOf<string>()

// @ts-expect-error a topic has params
hub.snapshot(hub.channel.room, () => 1)
// @ts-expect-error a path is no topic
hub.snapshot('news', () => 1)
// @ts-expect-error something has to be loaded
hub.snapshot(hub.channel.news)
