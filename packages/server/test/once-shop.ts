/** A shop whose payments and orders must not run twice, for the tests of that. */
import { call, channel, defineContract, type ParleyError, type Report, volatile } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect } from 'vitest'
import { z } from 'zod'
import { createHubWith } from '../src/hub.js'
import { createRouter } from '../src/index.js'
import { insideOf } from '../src/router.js'
import { onceLog } from './once-log.js'
import { connect, greet } from './peer.js'

const Order = z.object({ item: z.string(), note: z.unknown().optional() })

export const contract = defineContract({
  shop: channel({
    events: { sold: z.object({ item: z.string() }), hint: volatile(z.string()) },
    messages: {
      order: call({ input: Order, output: z.object({ number: z.number() }), once: '1h' }),
    },
  }),
  pay: call({
    input: Order,
    output: z.object({ number: z.number(), at: z.date() }),
    errors: { SOLD_OUT: { data: z.object({ until: z.date() }), status: 410 } },
    once: '24h',
  }),
  refund: call({ input: Order, once: '24h' }),
})

interface Options {
  readonly mayOrder?: () => boolean | Promise<boolean>
}

/** A shop: a server, and its successors over the same log. */
export function setUp({ mayOrder = () => true }: Options = {}) {
  const clock = virtualClock()
  const remembering = onceLog({ clock })
  const ran: string[] = []
  const reports: Report[] = []
  const emitted: unknown[] = []
  const gates: (() => void)[] = []
  /** What each payment could still do after it returned. */
  const left: { emit: () => unknown; signal: AbortSignal }[] = []
  let number = 0

  const start = () => {
    const hub = createHubWith(
      contract,
      {
        auth: z.string().optional(),
        context: ({ auth }) => ({ user: auth }),
        identify: ({ user }) => user,
        log: remembering.log,
        onReport: (report) => reports.push(report),
      },
      clock,
    )
    const act = async (item: string, signal: AbortSignal): Promise<number> => {
      ran.push(item)
      if (item.startsWith('wait')) {
        await new Promise<void>((open) => {
          gates.push(open)
          signal.addEventListener('abort', () => ran.push(`stopped by ${signal.reason.code}`))
        })
      }
      return ++number
    }
    const router = createRouter(hub, {
      shop: {
        join: mayOrder,
        messages: {
          order: async ({ input, signal, emit, others }) => {
            emitted.push(await emit('sold', input))
            await others.emit('hint', `someone buys ${input.item}`)
            return { number: await act(input.item, signal) }
          },
        },
      },
      pay: async ({ input, signal, topics, errors }) => {
        emitted.push(await topics.shop.emit('sold', input))
        topics.shop.emit('hint', `${input.item} goes`) // not awaited: it belongs to the run all the same
        left.push({ emit: () => topics.shop.emit('sold', { item: 'left over' }), signal })
        if (input.item === 'heed') {
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        }
        const paid = await act(input.item, signal)
        if (input.item === 'odd') await topics.shop.emit('sold', { item: 5 as never })
        if (input.item === 'gone') throw errors.SOLD_OUT({ until: new Date(5) })
        if (input.item === 'bug') throw new Error('a secret of the database')
        if (input.item === 'wait, late') {
          try {
            await topics.shop.emit('sold', { item: 'too late' })
          } catch (error) {
            emitted.push((error as ParleyError).code)
          }
        }
        return { number: paid, at: new Date(7) }
      },
      refund: async (run) => {
        left.push({ emit: () => run.topics.shop.emit('sold', { item: 'left over' }), signal: run.signal })
        await act(`refund ${run.input.item}`, run.signal)
      },
    })
    const enter = async (client: string, member?: string) => {
      const peer = connect(router)
      greet(peer, client, member)
      await clock.advance(0)
      return peer
    }
    const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
      const request = new Request(`http://localhost/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
      const response = await insideOf(router).fetch(request, `/${path}`)
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    }
    return { hub, router, enter, post }
  }
  /** The items that readers were shown so far. */
  const sold = async () => {
    const topic = { key: 'shop', retention: { last: 99, forMs: 1e9, bytes: 1e9 } }
    const page = await remembering.log.read(topic, 'first', { limit: 99, bytes: 1e9 })
    return page.entries.map(({ data }) => JSON.parse(data.json).item)
  }
  return { clock, remembering, ran, reports, emitted, gates, left, sold, start }
}

export const pay = (item: string, id = 1) => ['call', id, 'pay', 0, { item }]
export const order = (item: string, id = 1) => ['send', id, 'shop', null, 'order', 0, { item }]
export const paid = (number: number, id = 1) => [
  'ok',
  id,
  { number, at: '1970-01-01T00:00:00.007Z' },
  expect.anything(),
]
export const error = (code: string, id = 1) => ['err', id, expect.objectContaining({ code })]
