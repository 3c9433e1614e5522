import { type Client, createClient } from '@parley/client'
import { append, useChannel, useConnection, useSend } from '@parley/client/react'
import { anyone, createRouter } from '@parley/server'
import { channel, defineContract } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { z } from 'zod'
import { hubIn, linkTo } from '../virtual-hub.js'
import type { Program } from './promise.js'

type Message = { text: string }

const Message = z.object({ text: z.string() })
const contract = defineContract({ chat: channel({ events: { said: Message }, messages: { say: Message } }) })

// #region client
export function useChat(client: Client<typeof contract.tree>) {
  const { status } = useConnection(client)
  const { state, gap } = useChannel(client.chat, append(50), { data: [] as Message[], events: ['said'] })
  const { send, pending, error } = useSend(client.chat, 'say')
  return { status, messages: state, gap, send, pending, error }
}
// #endregion

export function start(): Program & AsyncDisposable {
  const clock = virtualClock()
  const heard: string[] = []
  const clients: { connection: { close(): void } }[] = []
  const hub = hubIn(clock)(contract)
  const say = ({ input }: { input: Message }) => void heard.push(input.text)
  const router = createRouter(hub, { chat: { join: anyone, messages: { say } } })
  return {
    clock,
    heard,
    open() {
      const link = linkTo(router, clock)
      const client = createClient(contract, { transport: link, clock })
      clients.push(client)
      return {
        link,
        useChat() {
          const { status, send } = useChat(client)
          return { status, say: (text) => send({ text }) }
        },
      }
    },
    async [Symbol.asyncDispose]() {
      for (const { connection } of clients) connection.close()
      await hub.close()
    },
  }
}
