import { call, channel, defineContract, stream, volatile } from '@parley/shared'
import { z } from 'zod'

export const noSchema = channel({ events: { message: 'string' } })
export const noLeaf = defineContract({ rooms: { create: z.string() } })
export const misspelt = channel({ evnets: { message: z.string() } })
export const duration = channel({ events: { message: z.string() }, replay: { for: '10 minutes' } })
export const replay = channel({ events: { message: z.string() }, replay: 'last' })
export const nested = channel({ params: z.object({ id: z.object({ a: z.string() }) }), events: {} })
export const noYields = stream({ input: z.string() })
export const streamAsMessage = channel({ events: {}, messages: { load: stream({ yields: z.string() }) } })
export const upgraded = channel({ events: { message: z.string() }, upgrade: { mesage: () => 'x' } })
export const upgradedTo = channel({ events: { message: z.string() }, upgrade: { message: () => 1 } })
export const volatileUpgrade = channel({
  events: { typing: volatile(z.string()) },
  upgrade: { typing: () => 'x' },
})
export const withinText = call({ withinMs: '10s' })
