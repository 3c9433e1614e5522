import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../scripts/packages.js'
import { entryFiles } from './house/files.js'
import { type ExportedName, readModule } from './house/module.js'

/** The unstable entries are the packages' own affair: no promise is made about them. */
const subpaths = [...entryFiles].filter(([subpath]) => !subpath.endsWith('/internal'))
const surface = subpaths.map(([subpath, file]) => ({
  subpath,
  exports: readModule(join(root, file)).exports,
}))

const namesOf = (exports: readonly ExportedName[], kind: ExportedName['kind']) =>
  exports
    .filter((one) => one.kind === kind)
    .map(({ name }) => name)
    .sort()

test('the public names are those that were agreed on', async () => {
  const text = surface.map(
    ({ subpath, exports }) =>
      `${subpath}\n${(['value', 'type'] as const)
        .flatMap((kind) => namesOf(exports, kind).map((name) => `  ${kind.padEnd(5)} ${name}\n`))
        .join('')}`,
  )
  await expect(text.join('\n')).toMatchFileSnapshot('./house/public-names.txt')
})

test.each(surface)('$subpath exports at run time what it lists as values', async ({ subpath, exports }) => {
  const loaded: object = await import(subpath)
  expect(Object.keys(loaded).sort()).toEqual(namesOf(exports, 'value'))
})

test.each(surface)('$subpath exports something', ({ exports }) => {
  expect(exports.length).toBeGreaterThan(0)
})
