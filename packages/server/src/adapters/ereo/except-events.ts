/** Ereo's middleware, kept away from streams of events. */

type Middleware<Context> = (
  request: Request,
  context: Context,
  next: () => Promise<Response>,
) => Response | Promise<Response>

/**
 * A middleware that leaves streams of events alone. Ereo's `compress()` needs it: it holds back what it is to compress
 * until there is enough of it, and pays no heed to `no-transform`.
 *
 * @example
 * server.use(exceptEvents(compress()))
 */
export function exceptEvents<Context>(middleware: Middleware<Context>): Middleware<Context> {
  return (request, context, next) =>
    request.headers.get('accept')?.includes('text/event-stream') ? next() : middleware(request, context, next)
}
