import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { readManifest, root } from '../scripts/packages.js'
import { filesIn } from './house/files.js'

const page = readFileSync(join(root, 'docs/DEPENDENCIES.md'), 'utf8')
const [, installed = '', worked = '', brought = ''] = page.split(/^## .*$/m)

/** The rows of a table: the name in the first cell, and the rest. */
const rowsOf = (text: string) =>
  [...text.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, name = '', rest = '']) => ({ name, rest }))

const manifests = ['packages', 'examples']
  .flatMap((folder) => filesIn(folder, /^package\.json$/))
  .map((path) => ({ path, ...readManifest(join(root, dirname(path))) }))

test('the page names what each package makes its users install, and nothing else', () => {
  const declared = manifests
    .filter(({ path }) => path.startsWith('packages/'))
    .flatMap(({ name, dependencies, peerDependencies }) =>
      Object.keys({ ...dependencies, ...peerDependencies }).map((dependency) => `${dependency} in ${name}`),
    )
  const documented = rowsOf(installed).flatMap(({ name, rest }) =>
    [...(rest.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, user]) => `${name} in ${user}`),
  )
  expect(documented.sort()).toEqual(declared.sort())
})

test('the page names what the repository itself works with, and nothing else', () => {
  const { devDependencies } = readManifest(root)
  expect(
    rowsOf(worked)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(Object.keys(devDependencies ?? {}).sort())
})

test('the Node adapter asks for no older `ws` than the one that the tests attack', () => {
  const { peerDependencies } = readManifest(join(root, 'packages/server'))
  expect(peerDependencies?.ws).toBe(readManifest(root).devDependencies?.ws)
})

test('each dependency has its reason', () => {
  const reasons = [...rowsOf(installed), ...rowsOf(worked), ...rowsOf(brought)].map(
    ({ rest }) => rest.split(' | ').at(-1) ?? '',
  )
  expect(reasons.filter((reason) => !/^[A-Z].*\.$/.test(reason))).toEqual([])
})

test('the page names what each example brings beside what the repository has, and nothing else', () => {
  const { devDependencies } = readManifest(root)
  const own = new Set(manifests.map(({ name }) => name))
  const foreign = manifests
    .filter(({ path }) => path.startsWith('examples/'))
    .flatMap(({ path, dependencies }) =>
      Object.keys(dependencies ?? {})
        .filter((name) => !own.has(name) && !(name in (devDependencies ?? {})))
        .map((name) => `${name} in ${dirname(path)}`),
    )
  const documented = rowsOf(brought).map(({ name, rest }) => `${name} in ${rest.split('`')[1]}`)
  expect(documented.sort()).toEqual(foreign.sort())
})
