import type { Clock } from '@parley/shared/internal'

/** 10 letters or digits have 59 bits: enough to tell the starts of one server apart, and short in every `id:`. */
export function randomEpoch(clock: Clock): string {
  let epoch = ''
  while (epoch.length < 10) epoch += clock.secret().replace(/[^0-9A-Za-z]/g, '')
  return epoch.slice(0, 10)
}
