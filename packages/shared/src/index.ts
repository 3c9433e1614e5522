export { type Issue, ParleyError, type ParleyErrorDetails } from './errors.js'
export type { Link, LinkEnd, LinkEvents } from './link.js'
export type { ErrorCode, MisuseCode } from './wire/codes.js'
