/** A benchmark of servers that do not do the same would measure nothing: each is asked first. */
import { orderText } from './contract.js'
import type { Contestant } from './workloads.js'

const order = JSON.parse(orderText)

/** Makes a call that must be answered and one that must be refused, and throws where they are not. */
export async function checkAnswers({ name, server, websocketPath, greeting }: Contestant): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${websocketPath}`, 'parley.1')
  const answers = new Map<number, [string, number, unknown]>()
  await new Promise<void>((resolve, reject) => {
    socket.onerror = () => reject(new Error(`${name} cannot be reached`))
    socket.onopen = () => {
      for (const frame of greeting()) socket.send(frame)
    }
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data)
      if (frame[0] === 'ready' || frame[0] === 'live') {
        socket.send(JSON.stringify(['call', 11, 'order', 0, order]))
        socket.send(JSON.stringify(['call', 12, 'order', 0, { ...order, count: 'three' }]))
      }
      if (frame[0] === 'ok' || frame[0] === 'err') answers.set(frame[1], frame)
      if (answers.size === 2) resolve()
    }
  })
  socket.close()
  const receipt = { id: 'r-3', total: 75, lines: ['a kettle, red', 'shipping'] }
  const right = JSON.stringify(answers.get(11)) === JSON.stringify(['ok', 11, receipt])
  if (!right || answers.get(12)?.[0] !== 'err') {
    throw new Error(`${name} answers otherwise than it should: ${JSON.stringify([...answers.values()])}`)
  }
}
