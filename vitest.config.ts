import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'

/**
 * One config for two runtimes: inside Bun (`bun --bun vitest run`) everything, under Node (`vitest run`) only the files
 * named `*.node.test.ts`, which show that the client works without Bun. `npm test` does both. Inside Bun the tests of
 * the hooks run twice, the second time over the oldest React that they promise to work with.
 */
const inBun = process.versions.bun !== undefined
const react18 = join(import.meta.dirname, 'tests/react-18/node_modules')
const onlyNode = ['packages/*/test/**/*.node.test.{ts,tsx}', 'tests/**/*.node.test.{ts,tsx}']

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    exclude: [...configDefaults.exclude, ...(inBun ? onlyNode : [])],
    testTimeout: 60_000, // for a test that hangs, not for a slow machine
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // without this the runner looks for names in a package's default export, and loses zod's `z` inside Bun
    deps: { interopDefault: false },
    server: { deps: { inline: [/@parley\//] } },
    projects: [
      {
        extends: true,
        test: {
          name: inBun ? 'bun' : 'node',
          env: { REACT_MAJOR: '19' },
          include: inBun ? ['packages/*/test/**/*.test.{ts,tsx}', 'tests/**/*.test.{ts,tsx}'] : onlyNode,
        },
      },
      ...(inBun
        ? [
            {
              extends: true as const,
              resolve: { alias: [{ find: /^(react|react-dom)(?=\/|$)/, replacement: `${react18}/$1` }] },
              test: {
                name: 'react-18',
                env: { REACT_MAJOR: '18' },
                include: ['packages/client/test/react/*.test.tsx', 'tests/react*.test.tsx'],
              },
            },
          ]
        : []),
    ],
  },
})
