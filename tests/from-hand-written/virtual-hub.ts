/** `createHub` in virtual time, and links to its router that a test breaks. */
import type { createHub, Router } from '@parley/server'
import { createHubWith, insideOf } from '@parley/server/internal'
import { type BreakableLink, breakableLink, type VirtualClock } from '@parley/shared/testing'
import { acceptFor } from '../field/accept.js'

export const hubIn =
  (clock: VirtualClock): typeof createHub =>
  (contract, options = {}) =>
    createHubWith(contract, options, clock)

export const linkTo = <Context>(router: Router<Context>, clock: VirtualClock): BreakableLink =>
  breakableLink(acceptFor(insideOf(router)), clock)
