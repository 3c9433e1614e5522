/**
 * The Python of the foreign client's tests. `PARLEY_PYTHON` names another than `python3`. Where there is none the tests
 * are skipped with a line that says so; with `CI=true` that is a failure.
 */
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe } from 'vitest'

const python = process.env.PARLEY_PYTHON || 'python3'
const found = spawnSync(python, ['--version']).status === 0

/** A `describe` for tests that need Python. */
export function describeInPython(name: string, define: () => void): void {
  const missing = `no ${python} here (PARLEY_PYTHON names another)`
  if (!found) {
    if (process.env.CI === 'true') throw new Error(`${name}: ${missing}`)
    console.warn(`SKIPPED ${name}: ${missing}`)
  }
  describe.skipIf(!found)(found ? name : `${name}: ${missing}`, define)
}

/** Runs one of the programs here, and reads the lines of JSON that it prints. */
export async function runPython(program: string, ...args: string[]): Promise<unknown[]> {
  const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, program), ...args], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    timeout: 60_000,
    maxBuffer: 16 * 1_024 * 1_024,
  })
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line))
}
