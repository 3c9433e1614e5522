import type { Promised } from '../row.js'
import { until } from '../until.js'

/** A program with a typo in each place where a name or a field is written. */
export interface Program {
  GET(event: { request: Request }): Response | Promise<Response>
  /** Sends what it should. */
  notify(title: string): unknown
  /** Sends under a name that nobody listens for. */
  notifyMistyped(title: string): unknown
  /** Sends with a field that nobody reads. */
  notifyWithWrongField(title: string): unknown
  /** Listens for notifications. */
  listen(url: string, show: (title: string) => void): () => void
  /** Listens for chat, under a name that nobody sends. */
  listenMistyped(url: string, show: (text: string) => void): () => void
}

export const promised: Promised<Program> = {
  says: 'who writes a name or a field wrong is told',
  async broken({ GET, notify, notifyMistyped, notifyWithWrongField, listen, listenMistyped }) {
    let readers = 0
    await using server = Bun.serve({
      port: 0,
      async fetch(request) {
        const response = await GET({ request })
        readers++
        return response
      },
    })
    const url = server.url.href
    const wrong: string[] = []
    const isTold = async (deed: () => unknown): Promise<boolean> => {
      try {
        await deed()
        return false
      } catch {
        return true
      }
    }

    const shown: unknown[] = []
    const stop = listen(url, (title) => shown.push(title))
    await until('somebody reads', () => readers === 1)
    await notify('first')
    await until('it is shown', () => shown.length === 1)
    if (!(await isTold(() => notifyMistyped('lost')))) {
      wrong.push("sent as 'notificaton': heard by nobody, and nobody was told")
    }
    if (!(await isTold(() => notifyWithWrongField('lost')))) {
      await until('it is shown', () => shown.length === 2)
      wrong.push(`sent with 'titel' for 'title': shown as ${shown[1]}, and nobody was told`)
    }
    await notify('last')
    await until('the last is shown', () => shown.at(-1) === 'last')
    stop()

    if (!(await isTold(() => listenMistyped(url, () => {})()))) {
      wrong.push("listened for 'chta': nothing ever comes, and nobody was told")
    }
    return wrong
  },
}
