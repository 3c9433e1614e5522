/**
 * The folders that are published, `dist/stage/<name>`: what npm would pack of each package, without the `source`
 * condition. That one is for the workspace; other people's workspaces use the same word, and would compile our
 * sources under their own rules.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Manifest, type Package, readManifest, root } from './packages.js'
import { run } from './run.js'

const top = join(root, 'dist/stage')

/** Packs a folder into another one; the result is the tarball's path. */
export function pack(folder: string, into: string): string {
  mkdirSync(into, { recursive: true })
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', into]
  const { stdout, stderr, status } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm pack failed in ${folder}:\n${stderr}`)
  // npm 11 answers with a list, npm 12 with an object by package name
  const [first] = Object.values(JSON.parse(stdout) as Record<string, { readonly filename: string }>)
  if (first === undefined) throw new Error(`npm pack named no file in ${folder}`)
  return join(into, first.filename.replace('@', '').replaceAll('/', '-'))
}

/** Unpacks a tarball of npm's into a fresh folder. */
export function unpack(tarball: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'])
}

/** Makes the folder that is published for a package, from its build. */
export function stage({ folder, manifest }: Package): string {
  const staged = join(top, manifest.name)
  const tarball = pack(folder, top)
  unpack(tarball, staged)
  rmSync(tarball)
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(published(readManifest(staged)), null, 2)}\n`)
  return staged
}

function published({ scripts: _ours, ...manifest }: Manifest): Manifest {
  const exports = Object.entries(manifest.exports).map(([subpath, target]) => {
    if (typeof target === 'string') return [subpath, target]
    const { source: _workspace, ...conditions } = target
    return [subpath, conditions]
  })
  return { ...manifest, exports: Object.fromEntries(exports) }
}
