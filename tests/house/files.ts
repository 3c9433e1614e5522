/** The files of the repository, and which of them an import means. */
import { readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { packages, root } from '../../scripts/packages.js'

const skipped = new Set(['node_modules', 'dist', '.git'])

/** Every file below a folder of the repository whose name the pattern fits, as paths from the root. */
export function filesIn(folder: string, pattern: RegExp = /\.tsx?$/): string[] {
  const found: string[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !skipped.has(entry.name)) found.push(...filesIn(path, pattern))
    if (entry.isFile() && pattern.test(entry.name)) found.push(path)
  }
  return found.sort()
}

/** `@parley/server/bun` -> `packages/server/src/adapters/bun.ts`, for each subpath that is exported. */
export const entryFiles: ReadonlyMap<string, string> = new Map(
  packages.flatMap(({ folder, manifest, entries }) =>
    entries.map(
      ([subpath, { source }]) =>
        [manifest.name + subpath.slice(1), relative(root, join(folder, source))] as const,
    ),
  ),
)

/** The file of this repository that an import means; `undefined` for a package of somebody else. */
export function resolveImport(
  from: string,
  specifier: string,
  known: ReadonlySet<string>,
): string | undefined {
  if (!specifier.startsWith('.')) return entryFiles.get(specifier)
  const base = join(dirname(from), specifier)
  const candidates = [base, base.replace(/\.js$/, '.ts'), base.replace(/\.js$/, '.tsx')]
  const file = candidates.find((path) => known.has(path))
  if (file === undefined) throw new Error(`${from} imports ${specifier}, which is no file`)
  return file
}
