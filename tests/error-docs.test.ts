import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { limits } from '../packages/shared/src/defaults.js'
import { errorCodes, misuseCodes } from '../packages/shared/src/wire/codes.js'
import { errorDocs, withGenerated } from '../scripts/error-docs.js'
import { root } from '../scripts/packages.js'
import { filesIn } from './house/files.js'

const present = (path: string) =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined

test('the documentation says of each code what the code says (else: npm run docs)', () => {
  const stale = [...errorDocs(present)].filter(([path, text]) => present(path) !== text)
  expect(stale.map(([path]) => path)).toEqual([])
})

test('each code has a page, and each page a code', () => {
  const pages = filesIn('docs/errors', /\.md$/).map((path) => basename(path, '.md'))
  const codes = [...Object.keys(errorCodes), ...Object.keys(misuseCodes)]
  expect(pages.filter((name) => name !== 'README')).toEqual(codes.sort())
})

test('each page says why it happens', () => {
  const silent = filesIn('docs/errors', /^[A-Z_]+\.md$/).filter(
    (path) => !/<!-- \/generated -->\n+## Why it happens\n\n\S/.test(readFileSync(join(root, path), 'utf8')),
  )
  expect(silent.filter((path) => basename(path) !== 'README.md')).toEqual([])
})

test('every limit that a page names can be set', () => {
  const pages = [...filesIn('docs', /\.md$/), 'README.md', 'SECURITY.md']
  const named = pages.flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/\blimits\.(\w+)/g)].map(
      ([, name]) => name as string,
    ),
  )
  expect(named.length).toBeGreaterThan(0)
  expect(named.filter((name) => !Object.hasOwn(limits, name))).toEqual([])
})

test('what somebody wrote around a generated part stays', () => {
  const text = 'before\n<!-- generated: x -->\nold\n<!-- /generated -->\nafter\n'
  expect(withGenerated(text, 'x', 'new')).toBe(text.replace('old', 'new'))
  expect(() => withGenerated(text, 'y', 'new')).toThrow('<!-- generated: y -->')
})
