/**
 * `npm test`: the whole suite inside Bun, then the `*.node.test.ts` files under plain Node, and one closing line that
 * counts both: `N passed, N failed` (`, N skipped` when there are any). Arguments go to both runs as they are:
 *
 *   npm test -- packages/shared/test/wire          only files whose path contains this
 *   npm test -- -t 'an event that was replayed'    only tests with this title
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

interface Totals {
  passed: number
  failed: number
  skipped: number
}

const root = join(import.meta.dirname, '..')
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const node = process.env.npm_node_execpath ?? 'node'
const passedOn = process.argv.slice(2)

/** One run of vitest. What it reports is counted; a run that fails without a failed test counts as one failure. */
async function run(runtime: string, command: readonly string[], report: string): Promise<Totals> {
  console.log(`\n> tests in ${runtime}`)
  const [program, ...args] = [
    ...command,
    ...[vitest, 'run', '--passWithNoTests', '--reporter=default', '--reporter=json'],
    ...[`--outputFile.json=${report}`, ...passedOn],
  ]
  const code = await new Promise<number>((resolve, reject) => {
    const child = spawn(program as string, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('exit', (exitCode) => resolve(exitCode ?? 1))
  })
  const totals = count(JSON.parse(await readFile(report, 'utf8')) as Report)
  if (code !== 0 && totals.failed === 0) {
    console.log(`the run in ${runtime} ended with exit code ${code} although no test failed`)
    totals.failed = 1
  }
  return totals
}

function count(report: Report): Totals {
  // A file that could not even be loaded has no failed test of its own; it must not pass for a success.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  )
  for (const { name } of broken) console.log(`could not be run: ${name}`)
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

const folder = await mkdtemp(join(tmpdir(), 'parley-test-'))
const sum: Totals = { passed: 0, failed: 0, skipped: 0 }
try {
  for (const [runtime, command] of [
    ['Bun', [process.execPath, '--bun']],
    ['Node', [node]],
  ] as const) {
    const totals = await run(runtime, command, join(folder, `${runtime}.json`))
    sum.passed += totals.passed
    sum.failed += totals.failed
    sum.skipped += totals.skipped
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
if (sum.passed + sum.failed === 0) {
  console.log('no test was run: no file or title matches')
  sum.failed = 1
}
console.log(
  `\n${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`,
)
process.exitCode = sum.failed > 0 ? 1 : 0
