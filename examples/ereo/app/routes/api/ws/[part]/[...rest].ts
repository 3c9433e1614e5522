/**
 * Calls, messages and events over HTTP, and the link of those who have no WebSocket. Not `ws/[...rest].ts`: that would be
 * taken for `/api/ws` itself, where the socket is.
 */
export { GET, OPTIONS, POST } from '../../ws.js'
