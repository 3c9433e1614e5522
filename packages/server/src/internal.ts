/** The unstable entry: for the tests of what crosses packages, and nobody else. */
export { SessionMachine, type SessionOrder } from './core/session.js'
export { Stream as StreamMachine, type StreamOrder } from './core/stream.js'
export { type Order, Subscription as SubscriptionMachine, type TopicView } from './core/subscription.js'
export { createHubWith } from './hub.js'
export { type OpenMemoryLog, openMemoryLog } from './logs/memory.js'
export { insideOf, type RouterInside } from './router.js'
export { Connection } from './shell/connection.js'
export type { ServerSocket } from './shell/socket.js'
