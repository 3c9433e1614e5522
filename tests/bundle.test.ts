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

test('the sizes of what a browser loads are told', async () => {
  const rows = []
  for (const [name, from] of [
    ['createSubscriber', '@parley/client'],
    ['createClient', '@parley/client'],
  ] as const) {
    const whole = await bundle(kept(name, from))
    const own = await bundle(kept(name, from), ['superjson'])
    for (const [what, code] of [
      [`${name}`, whole],
      [`${name} without superjson`, own],
    ] as const) {
      rows.push(
        `${what.padEnd(40)} ${String(code.length).padStart(7)} min ${String(brotliCompressSync(code).length).padStart(7)} min + brotli`,
      )
    }
    expect(own.length).toBeGreaterThan(500)
  }
  console.log(`bytes, without zod and React:\n${rows.join('\n')}`)
})
