/** Pages that say which test shows what: each of the tests is there, under that title. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  appendDedupMs,
  clientDefaults,
  drainDefaults,
  limits,
  replayDefaults,
} from '../packages/shared/src/defaults.js'
import { root } from '../scripts/packages.js'
import { asCited, citationsOf, faultOf, titlesOf } from './house/cited-tests.js'
import { filesIn } from './house/files.js'

const read = (page: string): string => readFileSync(join(root, page), 'utf8')

test.each(['docs/GUARANTEES.md', 'tests/field/README.md'])('%s names tests that are there', (page) => {
  const citations = citationsOf(page, read(page))
  expect(citations.length).toBeGreaterThan(20)
  expect(citations.map(faultOf).filter((fault) => fault !== undefined)).toEqual([])
})

test('each row of the guarantees names a test', () => {
  const rows = read('docs/GUARANTEES.md')
    .split('\n')
    .filter((line) => /^\| (?!-|promise )/.test(line))
  expect(rows.length).toBeGreaterThan(10)
  const bare = rows.filter((row) => citationsOf('docs/GUARANTEES.md', row).length === 0)
  expect(bare).toEqual([])
})

test('the bounds that the guarantees name are those of the code', () => {
  const text = read('docs/GUARANTEES.md')
  const mebibytes = (bytes: number) => `${bytes / 1_048_576} MiB`
  const { last, forMs, bytes } = replayDefaults
  const { heartbeatMs, heartbeatGraceMs, sessionMs, sessionBytes, queuedBytes } = limits
  const { outboxSends, outboxBytes, outboxMs, unreadEvents, probeAfterMs, probeGraceMs, sseSilenceMs } =
    clientDefaults
  for (const bound of [
    `${last.toLocaleString('en')}, ${forMs / 60_000} minutes and ${mebibytes(bytes)} a topic`,
    `${mebibytes(queuedBytes)} is queued for one connection`,
    `${unreadEvents.toLocaleString('en')} events wait for it`,
    `for ${appendDedupMs / 60_000} minutes, by the id`,
    `${sessionMs / 60_000} minutes without a connection`,
    `${mebibytes(sessionBytes)} of answers`,
    `${outboxSends} of them, ${outboxBytes / 1_024} KiB, ${outboxMs / 1_000} s`,
    `within ${(heartbeatMs + heartbeatGraceMs) / 1_000} s; with a call unanswered, within ${(probeAfterMs + probeGraceMs) / 1_000} s; an SSE subscriber within ${sseSilenceMs / 1_000} s`,
    `${drainDefaults.withinMs / 1_000} s unless the application says otherwise`,
  ]) {
    expect(text).toContain(bound)
  }
})

test('each test of a fault that others shipped stands in the list of them', () => {
  const page = 'tests/field/README.md'
  const cited = new Set(citationsOf(page, read(page)).map(({ file, title }) => `${file}: ${title}`))
  const all = filesIn('tests/field', /\.test\.ts$/).flatMap((file) =>
    titlesOf(file, read(file)).map((title) => `${file}: ${asCited(title)}`),
  )
  expect(all.filter((one) => !cited.has(one))).toEqual([])
  expect(all.length).toBeGreaterThan(30)
  expect(filesIn('tests/field', /\.test\.ts$/).map((file) => basename(file))).toContain('trpc.test.ts')
})

describe('these checks', () => {
  test('see a title in any kind of quotes, behind a table, and none in a comment', () => {
    const source = [
      `test('one', () => {})`,
      `it("a client's two", () => {})`,
      'test.each([[1, (2)]])(`three, over %s`, () => {})',
      `// test('four', () => {})`,
      `describe('five', () => { test.skipIf(true)('six of $name', () => {}) })`,
    ].join('\n')
    expect(titlesOf('x.test.ts', source).map(asCited)).toEqual([
      'one',
      "a client's two",
      'three, over …',
      'six of …',
    ])
  })

  test('tell a file and a title that are not there', () => {
    const text =
      '[a title](../tests/nowhere.test.ts), [no `such` title](../tests/guarantees.test.ts), [text](PROTOCOL.md)'
    expect(citationsOf('docs/X.md', text).map(faultOf)).toEqual([
      'tests/nowhere.test.ts is not there',
      'tests/guarantees.test.ts has no test “no `such` title”',
    ])
  })
})
