import { HurriedEventSource as EventSource } from '../hurried-event-source.js'
import type { Program } from './promise.js'

// #region server
const readers = new Set<ReadableStreamDefaultController>()

export function send(event: string, data: unknown) {
  for (const reader of readers) reader.enqueue(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

const notify = (title: string) => send('notification', { title })
const notifyMistyped = (title: string) => send('notificaton', { title })
const notifyWithWrongField = (title: string) => send('notification', { titel: title })
// #endregion

// #region client
export function listen(url: string, show: (title: string) => void) {
  const source = new EventSource(url)
  source.addEventListener('notification', (event) => show(JSON.parse(event.data).title))
  return () => source.close()
}

export function listenMistyped(url: string, show: (text: string) => void) {
  const source = new EventSource(url)
  source.addEventListener('chta', (event) => show(JSON.parse(event.data).text))
  return () => source.close()
}
// #endregion

function GET({ request }: { request: Request }): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(':\n\n')
      readers.add(controller)
      request.signal.addEventListener('abort', () => readers.delete(controller))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

export const start = (): Program & AsyncDisposable => ({
  GET,
  notify,
  notifyMistyped,
  notifyWithWrongField,
  listen,
  listenMistyped,
  [Symbol.asyncDispose]: async () => {},
})
