/** Ereo's middleware, kept away from streams of events. */

type Middleware<Context> = (
  request: Request,
  context: Context,
  next: () => Promise<Response>,
) => Response | Promise<Response>

/**
 * A middleware that cannot hold back streams of events: it is shown their head alone. Ereo's `compress()` needs it: it
 * waits until there is enough to compress, and pays no heed to `no-transform`.
 *
 * @example
 * server.use(exceptEvents(compress()))
 */
export function exceptEvents<Context>(middleware: Middleware<Context>): Middleware<Context> {
  return async (request, context, next) => {
    let events: Response | undefined
    let isTheirs = false
    try {
      const answer = await middleware(request, context, async () => {
        const response = await next()
        if (!isEvents(response)) return response
        events = response
        return new Response(null, response)
      })
      // without a body and yet no stream's head is an answer, too: a refusal, or the way to elsewhere
      isTheirs = !answer.body && isEvents(answer) && answer.status === events?.status
      return isTheirs ? new Response(events!.body, answer) : answer
    } finally {
      if (!isTheirs) await events?.body?.cancel()
    }
  }
}

const isEvents = ({ headers }: Response): boolean =>
  headers.get('content-type')?.startsWith('text/event-stream') ?? false
