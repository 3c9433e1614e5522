import { configDefaults, defineConfig } from 'vitest/config'

/**
 * One config for two runtimes: inside Bun (`bun --bun vitest run`) everything, under Node (`vitest run`) only the files
 * named `*.node.test.ts`, which show that the client works without Bun. `npm test` does both.
 */
const inBun = process.versions.bun !== undefined
const onlyNode = ['packages/*/test/**/*.node.test.{ts,tsx}', 'tests/**/*.node.test.{ts,tsx}']

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    name: inBun ? 'bun' : 'node',
    include: inBun ? ['packages/*/test/**/*.test.{ts,tsx}', 'tests/**/*.test.{ts,tsx}'] : onlyNode,
    exclude: [...configDefaults.exclude, ...(inBun ? onlyNode : [])],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // without this the runner looks for names in a package's default export, and loses zod's `z` inside Bun
    deps: { interopDefault: false },
    server: { deps: { inline: [/@parley\//] } },
  },
})
