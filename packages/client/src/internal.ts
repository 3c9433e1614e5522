/** The unstable entry: for the tests of what crosses packages, and nobody else. */
export { type MembersNews, Presence as PresenceMachine } from './core/presence.js'
export { Stream as StreamMachine, type StreamCredit } from './core/stream.js'
