/**
 * Packs the built packages and looks at them as a stranger would: publint and attw on the tarballs, and a consumer
 * that has nothing but the tarballs imports every subpath - in Node, in Bun, and as types.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Package, packages, readManifest, root } from './packages.js'
import { run } from './run.js'
import { pack, stage, unpack } from './stage.js'

/** Inside the repository, so that third-party packages resolve to the ones installed here, whatever is offline. */
const consumer = join(root, 'dist/consumer')
const bin = (name: string) => join(root, 'node_modules/.bin', name)
const subpaths = packages.flatMap(({ manifest, entries }) =>
  entries.map(([subpath]) => manifest.name + subpath.slice(1)),
)

function lint(tarball: string): void {
  run(bin('publint'), ['run', tarball, '--strict'])
  run(bin('attw'), [
    tarball,
    '--profile',
    'esm-only',
    '--format',
    'ascii',
    '--no-emoji',
    '--no-summary',
    '--no-color',
    '--no-definitely-typed',
  ])
}

/** What is published must be what was meant to be: the licence and README, sources for the maps, and no test. */
function checkContents({ manifest, entries }: Package, folder: string): void {
  const owed = [
    'LICENSE',
    'README.md',
    ...entries.flatMap(([, { source, types, default: script }]) => [
      ...[source, types, `${types}.map`, script, `${script}.map`],
    ]),
  ]
  const missing = owed.filter((path) => !existsSync(join(folder, path)))
  if (missing.length > 0) throw new Error(`${manifest.name} is published without ${missing.join(', ')}`)
  if (existsSync(join(folder, 'test'))) throw new Error(`${manifest.name} publishes its tests`)
  if (readFileSync(join(folder, 'LICENSE'), 'utf8') !== readFileSync(join(root, 'LICENSE'), 'utf8')) {
    throw new Error(`${manifest.name} is published under another LICENSE than the repository's`)
  }
  if (readManifest(folder).version !== packages[0]?.manifest.version) {
    throw new Error(`${manifest.name} has another version than the other packages`)
  }
}

const importing = (names: readonly string[]) =>
  names.map((subpath, n) => `import * as m${n} from '${subpath}'\nvoid m${n}\n`).join('')

/** Type-checks the consumer as one more kind of project, and looks into the declarations themselves. */
function compile(file: string, options: Readonly<Record<string, unknown>>): void {
  const strict = { noEmit: true, strict: true, target: 'es2022', skipLibCheck: false, jsx: 'react-jsx' }
  const project = join(consumer, 'tsconfig.json')
  writeFileSync(project, JSON.stringify({ compilerOptions: { ...strict, ...options }, files: [file] }))
  run(bin('tsc'), ['-p', project])
}

/** A program that serves a router with Node, is asked for its health, and stops. */
const served = `
import { createHub, createRouter } from '@parley/server'
import { serve } from '@parley/server/node'
import { call, defineContract } from '@parley/shared'

const hub = createHub(defineContract({ ping: call({}) }))
const { url, stop } = await serve(createRouter(hub, { ping: () => {} }), { port: 0, hostname: '127.0.0.1' })
const { status } = await fetch(url + '/health')
await stop()
if (status !== 200) throw new Error('the health of a server in Node is ' + status)
`

function consume(): void {
  const browser = subpaths.filter((subpath) => !subpath.startsWith('@parley/server'))
  writeFileSync(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n')
  writeFileSync(join(consumer, 'all.ts'), importing(subpaths))
  writeFileSync(join(consumer, 'browser.ts'), importing(browser))
  writeFileSync(join(consumer, 'all.js'), importing(subpaths))
  // what is built on Bun's own modules is not for a Node program to import
  const onlyInBun = ['@parley/server/bun', '@parley/server/sqlite']
  writeFileSync(join(consumer, 'node.js'), importing(subpaths.filter((one) => !onlyInBun.includes(one))))
  run('node', ['node.js'], consumer)
  writeFileSync(join(consumer, 'serve.js'), served)
  run('node', ['serve.js'], consumer)
  run(process.execPath, ['all.js'], consumer)
  const lib = ['es2023', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable']
  compile('all.ts', { module: 'nodenext', lib, types: ['bun-types'], skipLibCheck: true })
  // a server that knows of Node alone: no types of Bun's, and none of a browser's
  writeFileSync(
    join(consumer, 'node.ts'),
    importing(['@parley/shared', '@parley/server', '@parley/server/node']),
  )
  compile('node.ts', { module: 'nodenext', lib: ['es2023', 'esnext.disposable'], types: ['node'] })
  compile('browser.ts', { module: 'nodenext', lib, types: [] })
  compile('browser.ts', {
    ...{ module: 'esnext', moduleResolution: 'bundler', lib, types: [] },
    // a workspace with a condition of the same name as ours, and stricter rules than ours
    ...{
      customConditions: ['source'],
      exactOptionalPropertyTypes: true,
      noPropertyAccessFromIndexSignature: true,
    },
  })
}

rmSync(consumer, { recursive: true, force: true })
for (const one of packages) {
  const tarball = pack(stage(one), consumer)
  lint(tarball)
  const installed = join(consumer, 'node_modules', one.manifest.name)
  unpack(tarball, installed)
  checkContents(one, installed)
  console.log(`${one.manifest.name}: publint and attw find nothing`)
}
consume()
console.log(`a consumer imports ${subpaths.length} subpaths in Node and Bun, and as types`)
