import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { root } from '../scripts/packages.js'

/** What a browser would load for one import, as a user's bundler makes it. The peers are left out. */
async function bundle(code: string, external: readonly string[] = []): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['source'],
    external: ['zod', 'react', ...external],
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

const kept = (name: string, from: string) => `import { ${name} } from '${from}'\nconsole.log(${name})`

test('the subscriber brings no router client with it', async () => {
  const code = await bundle(kept('createSubscriber', '@parley/client'))
  expect(code).toContain('text/event-stream')
  expect(code).not.toContain('parley.1')
  expect(code).not.toContain('idempotent')
})

test('the whole client has in it what the subscriber must not have', async () => {
  // Else the strings looked for above could be gone from everywhere, and their absence would say nothing.
  const code = await bundle(kept('createClient', '@parley/client'))
  expect(code).toContain('parley.1')
  expect(code).toContain('idempotent')
})

/**
 * Bytes, minified and with brotli, without zod and React. A ceiling over what there is, so that nothing grows unseen;
 * whoever raises one says why in the commit. The goals are 2,500 for the subscriber and 7,500 for the client.
 */
const budgets = [
  { name: 'createSubscriber', from: '@parley/client', budget: 11_450 },
  { name: 'createClient', from: '@parley/client', budget: 29_700 },
  { name: 'ParleyProvider', from: '@parley/client/react', budget: 400 },
  { name: 'useChannel', from: '@parley/client/react', budget: 1_750 },
  { name: 'liveOptions', from: '@parley/client/query', budget: 2_700 },
  { name: 'mutationOptions', from: '@parley/client/query', budget: 650 },
  { name: 'defineContract', from: '@parley/shared', budget: 3_500 },
]

test.each(budgets)('$name is within its budget of $budget bytes', async ({ name, from, budget }) => {
  const code = await bundle(kept(name, from))
  const bytes = brotliCompressSync(code).length
  console.log(`${name}: ${code.length} bytes minified, ${bytes} with brotli`)
  expect(bytes).toBeLessThanOrEqual(budget)
  expect(bytes).toBeGreaterThan(100) // else the import was dropped, and nothing was measured
})

test.each(['docs/from-hand-written.md', 'docs/sse-or-websocket.md'])('%s names these budgets', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  const said = [...text.matchAll(/([\d,]+) bytes for `(\w+)`/g)].map(([, bytes, name]) => [name, bytes])
  const budgeted = budgets.map(({ name, budget }) => [name, budget.toLocaleString('en')])
  expect(budgeted).toEqual(expect.arrayContaining(said))
  expect(said.length).toBeGreaterThan(1)
})
