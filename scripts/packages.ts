/** The published packages, in the order in which they build on each other, and what their package.json says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')

/** What one subpath of `exports` resolves to; a plain string is a file that is not code. */
export interface ExportTarget {
  readonly source: string
  readonly types: string
  readonly default: string
}

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly files: readonly string[]
  readonly scripts?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, ExportTarget | string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export interface Package {
  readonly folder: string
  readonly manifest: Manifest
  /** Each importable subpath with its entry file, such as `['./bun', { source: './src/adapters/bun.ts', ... }]`. */
  readonly entries: readonly (readonly [subpath: string, target: ExportTarget])[]
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

function readPackage(name: string): Package {
  const folder = join(root, 'packages', name)
  const manifest = readManifest(folder)
  const entries = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [] : [[subpath, target] as const],
  )
  return { folder, manifest, entries }
}

export const packages: readonly Package[] = ['shared', 'server', 'client'].map(readPackage)
