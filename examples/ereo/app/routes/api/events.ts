/** The feed as plain SSE: a native `EventSource`, `curl -N` and our subscriber read it alike. */
import type { LoaderArgs } from '@ereo/core'
import { notifications } from '../../../hub.js'

export const GET = ({ request }: LoaderArgs) => notifications.respond(request)
