import { createSubscriber } from '@parley/client'
import { createEmitter } from '@parley/server'
import { channel, defineContract } from '@parley/shared'
import { z } from 'zod'
import type { Program } from './promise.js'

// #region server
const contract = defineContract({
  inbox: channel({
    events: { notification: z.object({ title: z.string() }), chat: z.object({ text: z.string() }) },
  }),
})
const inbox = createEmitter(contract, 'inbox')

const notify = (title: string) => inbox.emit('notification', { title })
// @ts-expect-error it has no such event; it throws, too
const notifyMistyped = (title: string) => inbox.emit('notificaton', { title })
// @ts-expect-error a notification has no such field; it throws, too
const notifyWithWrongField = (title: string) => inbox.emit('notification', { titel: title })
// #endregion

// #region client
export function listen(url: string, show: (title: string) => void) {
  return createSubscriber(contract, 'inbox', { url }).on('notification', ({ title }) => show(title))
}

export function listenMistyped(url: string, show: (text: string) => void) {
  // @ts-expect-error it has no such event; it throws, too
  return createSubscriber(contract, 'inbox', { url }).on('chta', ({ text }) => show(text))
}
// #endregion

export const start = (): Program & AsyncDisposable => ({
  GET: ({ request }) => inbox.respond(request),
  notify,
  notifyMistyped,
  notifyWithWrongField,
  listen,
  listenMistyped,
  [Symbol.asyncDispose]: async () => inbox.close(),
})
