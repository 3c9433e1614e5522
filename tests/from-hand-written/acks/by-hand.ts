import { breakableLink, virtualClock } from '@parley/shared/testing'
import { virtualGlobals } from '../globals.js'
import type { Program } from './promise.js'

const payments: number[] = []

// #region server
export async function message(ws: { send(text: string): void }, text: string) {
  const { type, id, amount } = JSON.parse(text)
  if (type === 'pay') {
    payments.push(amount)
    ws.send(JSON.stringify({ type: 'ack', id }))
  }
}
// #endregion

// #region client
export function connect(url: string) {
  const waiting = new Map<number, () => void>()
  let ids = 0
  let socket: WebSocket

  function open() {
    socket = new WebSocket(url)
    socket.onclose = () => setTimeout(open, 1_000)
    socket.onmessage = (event) => {
      const { type, id } = JSON.parse(event.data)
      if (type === 'ack') waiting.get(id)?.()
    }
  }
  open()

  return {
    pay: (amount: number) =>
      new Promise<void>((resolve) => {
        const id = ++ids
        waiting.set(id, resolve)
        socket.send(JSON.stringify({ type: 'pay', id, amount }))
      }),

    /** The same, sent again every 5 s until there is an answer. */
    payAgain: (amount: number) =>
      new Promise<void>((resolve) => {
        const id = ++ids
        const send = () => socket.readyState === 1 && socket.send(JSON.stringify({ type: 'pay', id, amount }))
        const timer = setInterval(send, 5_000)
        waiting.set(id, () => {
          clearInterval(timer)
          resolve()
        })
        send()
      }),
  }
}
// #endregion

function start(way: 'pay' | 'payAgain'): Program & AsyncDisposable {
  const clock = virtualClock()
  const link = breakableLink((end) => {
    return { opened: () => {}, received: (data) => message(end, String(data)), closed: () => {} }
  }, clock)
  const globals = virtualGlobals(() => link, clock)
  const client = connect('/ws')
  return {
    clock,
    link,
    pay: client[way],
    paid: () => payments.length,
    [Symbol.asyncDispose]: async () => globals[Symbol.dispose](),
  }
}

export const startWaiting = (): Program & AsyncDisposable => start('pay')
export const startSendingAgain = (): Program & AsyncDisposable => start('payAgain')
