/** The unstable entry: for the tests of what crosses packages, and nobody else. */
export { Stream as StreamMachine, type StreamCredit } from './core/stream.js'
