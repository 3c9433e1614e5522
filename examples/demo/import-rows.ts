/** An import that takes its time, row by row. It runs no further than the page takes its progress. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Handlers } from '@parley/server'
import type { hub } from './hub.js'
import { sums } from './sums.js'

/** What a database would take for a row. */
const rowMs = 20

export const importRows: Handlers<typeof hub>['importRows'] = async function* ({ input, signal }) {
  const seen = new Set<string>()
  for (const [index, row] of input.entries()) {
    await pause(rowMs, undefined, { signal }) // throws when the page gives the import up
    seen.add(row)
    sums.imported++
    yield { done: index + 1, of: input.length }
  }
  return { rows: input.length, different: seen.size }
}
