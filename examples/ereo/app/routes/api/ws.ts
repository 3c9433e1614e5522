/** The router's WebSocket. What is below this path is in `ws/[part]/[...rest].ts`. */
import { ereoRoute } from '@parley/server/ereo'
import { router } from '../../../router.js'

export const { GET, POST, OPTIONS, websocket } = ereoRoute(router, { path: '/api/ws' })
