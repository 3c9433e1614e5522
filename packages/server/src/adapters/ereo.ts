/** A router in an EreoJS application: as routes of it, on sockets that keep all promises. */
export { completeEreo, type EreoServer, type EreoSocketOptions } from './ereo/complete.js'
export { exceptEvents } from './ereo/except-events.js'
export {
  type EreoArgs,
  type EreoRoute,
  type EreoRouteOptions,
  type EreoSockets,
  ereoRoute,
} from './ereo/route.js'
