/** What of a request an Ereo server does not look at, before it looks at the rest. */

export type Answering<Server> = (
  request: Request,
  server: Server,
) => Response | undefined | Promise<Response | undefined>

/** A route's sockets, as Ereo keeps them: under `route:` and the path as it was asked for. */
interface Entry {
  readonly path: string
}

/**
 * Ereo keeps an entry for each path of a socket's route that was ever asked for: for good, before anybody is asked who it
 * is, and for each spelling apart (`/api/ws`, `//api/ws`, `/%61pi/ws`, without end). It goes through all of them at each
 * upgrade and frame. Here an entry goes with the last request for its path; a socket that it has let in needs none.
 *
 * A request whose host is none has no address, and what parses that would throw, with a stack in the log for each.
 */
export function carefully<Server>(answer: Answering<Server>, entries: Entry[]): Answering<Server> {
  const asked = new Map<string, number>()
  const kept = new Set(entries.map(({ path }) => path)) // sockets from before may need them

  const forget = (path: string): void => {
    const left = asked.get(path)! - 1
    if (left > 0) return void asked.set(path, left)
    asked.delete(path)
    const at = kept.has(path) ? -1 : entries.findIndex((entry) => entry.path === path)
    if (at !== -1) entries.splice(at, 1)
  }

  return async (request, server) => {
    if (!URL.canParse(request.url)) return new Response('which host is this for?', { status: 400 })
    if (!request.headers.has('upgrade')) return answer(request, server)
    const path = `route:${new URL(request.url).pathname}`
    asked.set(path, (asked.get(path) ?? 0) + 1)
    try {
      return await answer(request, server)
    } finally {
      forget(path)
    }
  }
}
