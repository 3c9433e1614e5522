import { call, channel, defineContract } from '@parley/shared'
import { z } from 'zod'

export const atTheRoot = defineContract({ connection: channel({ events: { changed: z.string() } }) })
export const anywhere = defineContract({ rooms: { then: call() } })
export const dotted = defineContract({ 'rooms.create': call() })
export const event = channel({ events: { open: z.string() } })
export const ours = channel({ events: { 'parley.ready': z.object({ a: z.string() }) } })
export const message = channel({ events: {}, messages: { constructor: z.string() } })
export const error = call({ errors: { FORBIDDEN: z.object({ reason: z.string() }) } })
export const param = channel({ params: z.object({ from: z.string() }), events: {} })
