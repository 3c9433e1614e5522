/**
 * The test kit: time, chance and the network in the hands of a test. A test imports router and client itself and
 * joins them over a breakable link with a virtual clock; no port, no sleep, the same run for the same seed.
 */
export type { Clock } from './clock.js'
export type { FrameData, Link, LinkEnd, LinkEvents } from './link.js'
export type { Accept } from './testing/accept.js'
export {
  type BreakableLink,
  type BreakableLinkOptions,
  breakableLink,
  type LinkCounts,
} from './testing/breakable-link.js'
export { type VirtualClock, type VirtualClockOptions, virtualClock } from './testing/virtual-clock.js'
