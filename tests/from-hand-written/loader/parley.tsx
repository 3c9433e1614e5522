import { createSubscriber } from '@parley/client'
import { append, useChannel } from '@parley/client/react'
import { anyone, createHub, createRouter } from '@parley/server'
import { serve } from '@parley/server/bun'
import { channel, defineContract } from '@parley/shared'
import { z } from 'zod'
import type { Line, Program } from './promise.js'

const db: Line[] = []
const contract = defineContract({ lines: channel({ events: { written: z.object({ n: z.number() }) } }) })
const hub = createHub(contract)
const router = createRouter(hub, { lines: { join: anyone } })

// #region server
export const loader = () => hub.snapshot(hub.channel.lines, async () => db.slice(-50))

export async function write(line: Line) {
  db.push(line) // stored first, emitted then
  await hub.channel.lines.emit('written', line)
}
// #endregion

// #region client
const lines = createSubscriber(contract, 'lines', { url: '/realtime/events/lines' })

export function Lines({ loaded }: { loaded: { data: Line[]; position: string } }) {
  const { state } = useChannel(lines, append(50), { ...loaded, events: ['written'], key: ({ n }) => n })
  return (
    <ul>
      {state.map(({ n }) => (
        <li key={n}>{n}</li>
      ))}
    </ul>
  )
}
// #endregion

export function start(): Program & AsyncDisposable {
  const { url, stop } = serve(router, { port: 0 })
  return {
    url,
    write,
    loader,
    Lines,
    readers: () => router.inspect().readers,
    async [Symbol.asyncDispose]() {
      lines.close()
      await stop()
    },
  }
}
