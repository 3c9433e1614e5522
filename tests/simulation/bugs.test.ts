import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../scripts/packages.js'
import { type Bug, bugs, bugTable } from './bugs.js'
import { changed } from './plant.js'

/** Runs worlds with a bug planted in them, in a process of their own, until one breaks a promise. */
async function hunt({ name, within }: Bug): Promise<{ broken?: { seed: number; promises: string[] } }> {
  const run = join(import.meta.dirname, 'run.ts')
  const command = ['--conditions=source', run, '--bug', name, '--seeds', String(within), '--brief']
  const child = Bun.spawn([process.execPath, ...command], { cwd: root, stderr: 'pipe' })
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (out.trim() === '') throw new Error(`the worlds with the bug '${name}' did not run: ${err}`)
  return JSON.parse(out)
}

test.each(bugs)('$name: the product still has the line that this bug stands for', (bug) => {
  const source = readFileSync(join(root, bug.file), 'utf8')
  expect(changed(source, bug)).not.toBe(source)
})

test.each(bugs)(
  'worlds with the bug $name break a promise within $within seeds',
  {
    timeout: 300_000,
  },
  async (bug) => {
    const { broken } = await hunt(bug)
    expect(broken, `not found within ${bug.within} seeds`).toBeDefined()
    expect(broken?.promises.filter((promise) => bug.breaks.includes(promise as never))).not.toEqual([])
  },
)

test('the page on testing says of each bug what is so (else: npm run docs)', () => {
  const page = readFileSync(join(root, 'docs/TESTING.md'), 'utf8')
  expect(page).toContain(bugTable())
})
