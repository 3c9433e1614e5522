/** Whether the server has heard all that was said so far. */
import { client } from './client.js'

const opened = (): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (client.connection.getSnapshot().status !== 'open') return
      stop()
      resolve()
    }
    const stop = client.connection.subscribe(look)
    look()
  })

/**
 * Asks for something, and waits for its answer: frames keep their order, so what was said before it was heard before it.
 *
 * @returns Once it is so, however long the link is away; `false` where it cannot be known.
 */
export async function heard(): Promise<boolean> {
  for (;;) {
    await opened()
    const { error } = await client.rooms.list.safe()
    if (!error) return true
    // the link went, and was away for longer than a question waits
    if (error.code !== 'TIMEOUT' && error.code !== 'OUTBOX_FULL') return false
  }
}
