/**
 * Builds the packages into their `dist`: JavaScript by tsup, one file for each subpath of `exports` with what they
 * share in chunks; declarations by tsc, with maps to the published sources.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'tsup'
import { type Package, packages, root } from './packages.js'
import { run } from './run.js'

const tsc = join(root, 'node_modules/.bin/tsc')

function checkEntries({ manifest, folder, entries }: Package): void {
  for (const [subpath, { source, types, default: script }] of entries) {
    if (!existsSync(join(folder, source))) {
      throw new Error(`${manifest.name}: \`exports["${subpath}"]\` names ${source}, which does not exist`)
    }
    const built = source.replace('./src/', './dist/')
    if (types !== built.replace(/\.tsx?$/, '.d.ts') || script !== built.replace(/\.tsx?$/, '.js')) {
      throw new Error(
        `${manifest.name}: \`exports["${subpath}"]\` does not name what ${source} is built into`,
      )
    }
  }
}

for (const one of packages) {
  checkEntries(one)
  const started = performance.now()
  await build({
    config: false,
    silent: true,
    clean: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    sourcemap: true,
    splitting: true,
    dts: false,
    entry: Object.fromEntries(
      one.entries.map(([, { source }]) => [
        source.replace(/^\.\/src\//, '').replace(/\.tsx?$/, ''),
        join(one.folder, source),
      ]),
    ),
    outDir: join(one.folder, 'dist'),
    tsconfig: join(one.folder, 'tsconfig.build.json'),
    external: [/^[^./]/], // whatever is not a file of this package is the consumer's to resolve
  })
  run(tsc, ['-p', join(one.folder, 'tsconfig.build.json')])
  console.log(`${one.manifest.name} built in ${Math.round(performance.now() - started)} ms`)
}
