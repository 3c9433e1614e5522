/**
 * Packs the built packages and looks at them as a stranger would: publint and attw on the tarballs, and a consumer
 * that has nothing but the tarballs imports every subpath - in Node, in Bun, as types, and through the `source`
 * condition, which a consumer's own workspace may have switched on.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Package, packages, readManifest, root } from './packages.js'
import { run } from './run.js'

/** Inside the repository, so that third-party packages resolve to the ones installed here, whatever is offline. */
const consumer = join(root, 'dist/consumer')
const bin = (name: string) => join(root, 'node_modules/.bin', name)
const subpaths = packages.flatMap(({ manifest, entries }) =>
  entries.map(([subpath]) => manifest.name + subpath.slice(1)),
)

function pack({ folder, manifest }: Package): string {
  const { stdout, stderr, status } = spawnSync('npm', ['pack', '--json', '--pack-destination', consumer], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`npm pack failed for ${manifest.name}:\n${stderr}`)
  const packed: unknown = JSON.parse(stdout)
  // npm 11 answers with a list, npm 12 with an object by package name
  const [first] = Object.values(packed as Record<string, { readonly filename: string }>)
  if (first === undefined) throw new Error(`npm pack named no file for ${manifest.name}`)
  return join(consumer, first.filename.replace('@', '').replaceAll('/', '-'))
}

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

function unpack({ manifest }: Package, tarball: string): string {
  const folder = join(consumer, 'node_modules', manifest.name)
  mkdirSync(folder, { recursive: true })
  run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'])
  return folder
}

function consume(): void {
  const script = subpaths.map((subpath, n) => `import * as m${n} from '${subpath}'\nvoid m${n}\n`).join('')
  writeFileSync(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n')
  writeFileSync(join(consumer, 'index.ts'), script)
  writeFileSync(join(consumer, 'index.js'), script)
  // the Bun adapter is the one file that a Node program does not import
  writeFileSync(
    join(consumer, 'node.js'),
    script.replace(/import \* as (m\d+) from '@parley\/server\/bun'\nvoid \1\n/, ''),
  )
  run('node', ['node.js'], consumer)
  run(process.execPath, ['index.js'], consumer)
  run(process.execPath, ['--conditions=source', 'index.ts'], consumer)
  const strict = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable,dom,dom.iterable,dom.asynciterable',
    '--types',
    'bun-types',
    '--jsx',
    'react-jsx',
  ]
  const nodeNext = ['--module', 'nodenext', '--moduleResolution', 'nodenext']
  const bundler = ['--module', 'esnext', '--moduleResolution', 'bundler']
  run(bin('tsc'), [...strict, ...nodeNext, '--skipLibCheck', 'index.ts'], consumer)
  run(bin('tsc'), [...strict, ...bundler, '--skipLibCheck', 'index.ts'], consumer)
  run(
    bin('tsc'),
    [...strict, ...bundler, '--skipLibCheck', '--customConditions', 'source', 'index.ts'],
    consumer,
  )
}

rmSync(consumer, { recursive: true, force: true })
mkdirSync(consumer, { recursive: true })
for (const one of packages) {
  const tarball = pack(one)
  lint(tarball)
  checkContents(one, unpack(one, tarball))
  console.log(`${one.manifest.name}: publint and attw find nothing`)
}
consume()
console.log(`a consumer imports ${subpaths.length} subpaths in Node and Bun, as types and through \`source\``)
