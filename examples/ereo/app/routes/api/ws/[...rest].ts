/** Calls, messages and events over HTTP, and the link of those who have no WebSocket. */
export { GET, OPTIONS, POST } from '../ws.js'
