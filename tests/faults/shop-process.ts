/**
 * A server in a process of its own, to be killed: `bun shop-process.ts FILE LEDGER PORT [STOP]`. Its handler writes each
 * payment to LEDGER, which nobody takes back. It stops, and says so, at STOP: in the handler, before its outcome is
 * written, or after that and before the reply.
 */
import { appendFileSync, writeSync } from 'node:fs'
import { anyone, createHub, createRouter, type Log, type OnceStore } from '@parley/server'
import { serve } from '@parley/server/bun'
import { sqliteLog } from '@parley/server/sqlite'
import { z } from 'zod'
import { shopContract } from './shop.js'

const [path = '', ledger = '', port, stop] = process.argv.slice(2)
const say = (line: string) => writeSync(1, `${line}\n`)

/** Stops here for ever, if this is the place. */
async function passing(place: string): Promise<void> {
  if (place !== stop) return
  say(place)
  await new Promise(() => {})
}

const file = sqliteLog(path)
const once = file.once as OnceStore
const log: Log = {
  append: (entry) => file.append(entry),
  publish: (item) => file.publish(item),
  read: (topic, from, bounds) => file.read(topic, from, bounds),
  tail: (listener) => file.tail(listener),
  close: () => file.close(),
  once: {
    find: (key) => once.find(key),
    begin: (key, request, keepMs) => once.begin(key, request, keepMs),
    async finish(key, record, keepMs, emits) {
      await passing('before the write')
      await once.finish(key, record, keepMs, emits)
      await passing('after the write')
    },
  },
}

const hub = createHub(shopContract, {
  auth: z.string().optional(),
  context: ({ auth }) => ({ user: auth }),
  identify: ({ user }) => user,
  log,
})
const router = createRouter(hub, {
  shop: { join: anyone },
  pay: async ({ input, topics }) => {
    await topics.shop.emit('paid', input)
    appendFileSync(ledger, `${input}\n`)
    await passing('in the handler')
    return { receipt: `for ${input}` }
  },
  paid: async () => {
    const retention = { last: 1_000, forMs: 300_000, bytes: 1_048_576 }
    const { entries } = await log.read({ key: 'shop', retention }, 'first', { limit: 9, bytes: 9_999 })
    return entries.map(({ data }) => JSON.parse(data.json))
  },
})
say(serve(router, { port: Number(port), hostname: '127.0.0.1' }).url)
