import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packages, root } from '../scripts/packages.js'
import { circlesOf } from './house/circles.js'
import { forbidden } from './house/directions.js'
import { entryFiles, filesIn, resolveImport } from './house/files.js'
import { type Module, parseModule, readModule } from './house/module.js'

const sources = packages.flatMap(({ folder }) => filesIn(relative(root, join(folder, 'src'))))
const known = new Set(sources)
const modules: readonly Module[] = sources.map((path) => ({ ...readModule(join(root, path)), path }))
const graph = new Map(
  modules.map(({ path, imports }) => [
    path,
    imports.flatMap((specifier) => resolveImport(path, specifier, known) ?? []),
  ]),
)

/** What no machine may name: time, chance, sockets, the world. They are told past facts and give orders. */
const worldly = new Set(
  `setTimeout clearTimeout setInterval clearInterval setImmediate queueMicrotask requestAnimationFrame Date
  performance Math.random Math.[computed] Math crypto WebSocket EventSource XMLHttpRequest fetch console process Bun
  globalThis window self document navigator localStorage`.split(/\s+/),
)

const isCore = (path: string) => /^packages\/[^/]+\/src\/core\//.test(path)

describe('the sources of the packages', () => {
  test('import only what stands to their left on the way of the data', () => {
    const faults = [...graph].flatMap(([from, all]) => all.flatMap((to) => forbidden(from, to) ?? []))
    expect(faults).toEqual([])
  })

  test('never import each other in a circle, not even for types', () => {
    expect(circlesOf(graph)).toEqual([])
  })

  test('name no timer, clock, chance, socket or console in a core folder', () => {
    const cores = modules.filter(({ path }) => isCore(path))
    expect(cores.length).toBeGreaterThan(0)
    const faults = cores.flatMap(({ path, names }) =>
      [...names].filter((name) => worldly.has(name)).map((name) => `${path} names ${name}`),
    )
    expect(faults).toEqual([])
  })

  test('list what they export by name, never with a star', () => {
    expect(modules.filter(({ exportsAll }) => exportsAll).map(({ path }) => path)).toEqual([])
  })

  test('write relative imports with the ending that runs', () => {
    const faults = modules.flatMap(({ path, imports }) =>
      imports.filter((one) => one.startsWith('.') && !one.endsWith('.js')).map((one) => `${path}: ${one}`),
    )
    expect(faults).toEqual([])
  })

  test.each(packages)('use only packages that $manifest.name declares', ({ folder, manifest }) => {
    const inside = `${relative(root, folder)}/`
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies }
    const faults = modules
      .filter(({ path }) => path.startsWith(inside))
      .flatMap(({ path, imports }) =>
        imports
          .filter((one) => !one.startsWith('.') && !isAllowed(path, one, declared))
          .map((one) => `${path}: ${one}`),
      )
    expect(faults).toEqual([])
  })
})

/** Built-in modules belong to the server; an optional peer, and Bun, to the one file or folder named after it. */
function isAllowed(path: string, specifier: string, declared: Readonly<Record<string, string>>): boolean {
  if (specifier.startsWith('node:')) return path.startsWith('packages/server/')
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const namedAfter = (peer: string) => new RegExp(`/${peer}(\\.tsx?|/)`).test(path)
  if (name === 'bun') return namedAfter('bun')
  if (name === 'bun:sqlite') return namedAfter('sqlite')
  if (name === 'react') return name in declared && namedAfter('react')
  return name in declared
}

describe('the repository', () => {
  const everywhere = ['packages', 'tests', 'scripts', 'examples', 'bench'].flatMap((folder) =>
    filesIn(folder),
  )

  test('has no file whose name says nothing', () => {
    const empty = /(^|\/)(utils?|types|helpers?|common|misc|shared)\.tsx?$/
    expect(everywhere.filter((path) => empty.test(path))).toEqual([])
  })

  test('shows in its examples and benchmarks what anybody can import', () => {
    const shown = ['examples', 'bench'].flatMap((folder) => filesIn(folder))
    const faults = shown.flatMap((path) =>
      readModule(join(root, path))
        .imports.filter((specifier) => !isPublic(path, specifier))
        .map((specifier) => `${path}: ${specifier}`),
    )
    expect(faults).toEqual([])
  })
})

function isPublic(path: string, specifier: string): boolean {
  if (specifier.startsWith('.')) return !join(dirname(path), specifier).startsWith('packages/')
  if (!specifier.startsWith('@parley/')) return true
  return entryFiles.has(specifier) && !specifier.endsWith('/internal')
}

describe('these checks', () => {
  test('see every kind of import and no mention of one', () => {
    const { imports } = parseModule(
      'a.ts',
      `import type { A } from './a.js'
      export { b } from './b.js'
      type C = import('./c.js').C
      const d = () => import('./d.js')
      // import './no.js'
      const e = "import './no.js'"`,
    )
    expect(imports).toEqual(['./a.js', './b.js', './c.js', './d.js'])
  })

  test('count a name that is used, and not one in a comment, a string or a property', () => {
    const { names } = parseModule(
      'a.ts',
      `// setTimeout
      const text = 'fetch(Date)'
      const order = { console: 1, crypto() {} }
      order.crypto()
      interface Frame { Date: number }
      function wait(at: Date) { Math.random(); return Math.max(1, 2) }
      setInterval(wait)`,
    )
    expect([...names].filter((name) => worldly.has(name))).toEqual(['Date', 'Math.random', 'setInterval'])
  })

  test('do not lose sight of a name that is passed on, renamed or reached by a key', () => {
    const { names } = parseModule('a.ts', `const { random } = Math; run(globalThis['fetch'], Math['random'])`)
    expect([...names].filter((name) => worldly.has(name))).toEqual(['Math', 'globalThis', 'Math.random'])
  })

  test('refuse what goes against the stream', () => {
    const source = (path: string) => `packages/${path}`
    const refused = (from: string, to: string) => forbidden(source(from), source(to)) !== undefined
    expect(refused('server/src/core/session.ts', 'server/src/shell/reader.ts')).toBe(true)
    expect(refused('shared/src/wire/parse.ts', 'shared/src/contract/define.ts')).toBe(true)
    expect(refused('shared/src/core/heartbeat.ts', 'shared/src/clock.ts')).toBe(true)
    expect(refused('client/src/client.ts', 'server/src/index.ts')).toBe(true)
    expect(refused('client/src/client.ts', 'shared/src/wire/frames.ts')).toBe(true)
    expect(refused('client/src/core/link.ts', 'client/src/transports/websocket.ts')).toBe(true)
    expect(refused('client/src/client.ts', 'client/src/react.ts')).toBe(true)
    expect(refused('server/src/somewhere/new.ts', 'server/src/topics.ts')).toBe(true)
    expect(refused('server/src/shell/reader.ts', 'server/src/core/session.ts')).toBe(false)
    expect(refused('client/src/client.ts', 'shared/src/internal.ts')).toBe(false)
  })

  test('find a circle wherever it closes', () => {
    const circle = new Map([
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
      ['d', ['b']],
    ])
    expect(circlesOf(circle)).toEqual([['b', 'd', 'b']])
    expect(
      circlesOf(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['c']],
        ]),
      ),
    ).toEqual([])
  })
})
