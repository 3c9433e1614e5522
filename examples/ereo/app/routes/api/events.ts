/** The feed as plain SSE: a native `EventSource`, `curl -N` and our subscriber read it alike. */
import type { EreoArgs } from '@parley/server/ereo'
import { notifications } from '../../../hub.js'

export const GET = ({ request }: EreoArgs) => notifications.respond(request)
