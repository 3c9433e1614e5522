/** `npm run docs`: writes the generated parts of docs/. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { filesIn } from '../tests/house/files.js'
import { withQuotes } from '../tests/house/quoted-code.js'
import { bugTable } from '../tests/simulation/bugs.js'
import { errorDocs, withGenerated } from './error-docs.js'
import { root } from './packages.js'

const present = (path: string) =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined

const testing = 'docs/TESTING.md'
const pages = [
  ...errorDocs(present),
  [testing, withGenerated(present(testing) ?? '', 'planted bugs', bugTable())] as const,
]
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
for (const path of filesIn('docs', /\.md$/)) {
  const text = read(path)
  const quoting = withQuotes(path, text, read)
  if (quoting !== text) pages.push([path, quoting])
}

for (const [path, text] of pages) {
  if (present(path) === text) continue
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  console.log(`wrote ${path}`)
}
