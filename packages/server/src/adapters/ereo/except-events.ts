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
    const answer = await middleware(request, context, async () => {
      const response = await next()
      if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response
      events = response
      return new Response(null, response)
    })
    if (!events) return answer
    if (!answer.body) return new Response(events.body, answer)
    await events.body?.cancel() // it answers something else
    return answer
  }
}
