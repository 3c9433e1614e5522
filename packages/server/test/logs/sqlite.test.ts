import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { virtualClock } from '@parley/shared/testing'
import { openSqliteLog } from '../../src/logs/sqlite/open.js'
import { logSuite } from './log-suite.js'

logSuite('sqliteLog', {
  async create() {
    const folder = mkdtempSync(join(tmpdir(), 'parley-log-'))
    const path = join(folder, 'events.db')
    const clock = virtualClock()
    const options = { clock, onListenerError: () => {} }
    let open = openSqliteLog(path, options)
    return {
      log: open.log,
      ...(open.log.once && { once: open.log.once }),
      ...(open.log.contracts && { contracts: open.log.contracts }),
      clock,
      async newEpoch(survived) {
        open.newEpoch(survived)
      },
      async reopen() {
        await open.log.close()
        open = openSqliteLog(path, { ...options, clock: virtualClock({ seed: 2, start: clock.now() }) })
        return open.log
      },
      async cleanup() {
        await open.log.close()
        rmSync(folder, { recursive: true })
      },
    }
  },
  without: { another: 'its file belongs to one process' },
  runs: 60,
})
