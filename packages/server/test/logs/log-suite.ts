/**
 * What every log must keep, whatever it is built on: a test for each MUST of src/logs/log.ts, and a model against
 * which random histories are checked. The test of a new log calls `logSuite` and adds what is its own.
 *
 * @example
 * logSuite('sqliteLog', { create: async () => ({ log: sqliteLog(file), reopen, cleanup }), without: { another: '...' } })
 */
import { describe } from 'vitest'
import { appendTests } from './suite/append.js'
import { contractTests } from './suite/contracts.js'
import { epochTests } from './suite/epochs.js'
import { declareTests, type LogSuiteOptions } from './suite/harness.js'
import { modelTests } from './suite/model.js'
import { onceTests } from './suite/once.js'
import { pageTests } from './suite/pages.js'
import { retentionTests } from './suite/retention.js'
import { tailTests } from './suite/tail.js'

export type { LogSuiteOptions, LogUnderTest } from './suite/harness.js'

export function logSuite(name: string, options: LogSuiteOptions): void {
  const test = declareTests(options)
  describe(name, () => {
    describe('append', () => appendTests(test))
    describe('read', () => pageTests(test))
    describe('retention', () => retentionTests(test))
    describe('epochs', () => epochTests(test))
    describe('tail and close', () => tailTests(test))
    describe('calls that must not run twice', () => onceTests(test))
    describe('the contracts that were served', () => contractTests(test))
    describe('any history', () => modelTests(test, options))
  })
}
