import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { root } from '../scripts/packages.js'
import { curl, curlLinesOf } from './examples/curl.js'
import { startExample } from './examples/running.js'
import { codeBlocksOf, documentedCode, folderOf, writeCode } from './house/code-blocks.js'
import { filesIn } from './house/files.js'
import { withQuotes } from './house/quoted-code.js'

const blocks = documentedCode()
let project: string

beforeAll(() => {
  project = writeCode(blocks)
})

describe('the documentation', () => {
  test('has code that compiles', { timeout: 240_000 }, () => {
    expect(blocks.length).toBeGreaterThan(0)
    const tsc = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', project, '--pretty', 'false'], {
      cwd: root,
      encoding: 'utf8',
    })
    // A fault in a package's own source is for the type-check of the packages to tell.
    const lines = (tsc.stdout + tsc.stderr).split('\n')
    const faults = lines.filter((line) => !line.startsWith(' ') && !line.startsWith('packages/'))
    expect(faults.filter((line) => line !== '')).toEqual([])
    expect(tsc.status === 0 || lines.some((line) => line.startsWith('packages/'))).toBe(true)
  })

  const runnable = blocks.filter(({ run }) => run)
  test.each(runnable)('has code in $page, line $line, that runs as printed', ({ page, file }) => {
    const bun = spawnSync(process.execPath, ['--conditions=source', file], {
      cwd: folderOf(page),
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, PORT: '0' }, // any free one
    })
    expect({ status: bun.status, output: bun.status === 0 ? '' : bun.stdout + bun.stderr }).toEqual({
      status: 0,
      output: '',
    })
  })

  test('quotes files as they are (else: npm run docs)', () => {
    const read = (path: string): string => readFileSync(join(root, path), 'utf8')
    const pages = filesIn('docs', /\.md$/)
    expect(pages.filter((page) => withQuotes(page, read(page), read) !== read(page))).toEqual([])
  })

  test('links to files that are there', () => {
    const pages = [...filesIn('docs', /\.md$/), 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md']
    const dead = pages.flatMap((page) => {
      const text = readFileSync(join(root, page), 'utf8').replace(/```[\s\S]*?```/g, '')
      return [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)]
        .map(([, target]) => target as string)
        .filter((target) => !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`)
    })
    expect(dead).toEqual([])
  })
})

describe('a curl line of the first steps', () => {
  /** What each must print, by what it asks for. A line without an expectation fails. */
  const expected: readonly (readonly [asked: RegExp, printed: RegExp])[] = [
    [/events\/notifications/, /event:parley\.live/],
    [/events\/room/, /event:parley\.live/],
    [/rooms\.create/, /"NAME_TAKEN".*"suggestion":"general-2"/],
    [/message\/room\/say/, /\{"id":"[0-9a-f-]{36}"\}/],
  ]
  const page = 'docs/GETTING-STARTED.md'
  const lines = curlLinesOf(readFileSync(join(root, page), 'utf8'))
  let server: Awaited<ReturnType<typeof startExample>>

  beforeAll(async () => {
    server = await startExample(join(folderOf(page), 'server.ts'))
    return () => server.stop()
  })

  test('is known here', () => {
    expect(lines.length).toBe(expected.length)
  })

  test.each(lines)('gets an answer from the server of that page: %s', async (line) => {
    const printed = expected.find(([asked]) => asked.test(line))?.[1]
    expect(printed).toBeDefined()
    expect(await curl(line, server.url, printed as RegExp)).toMatch(printed as RegExp)
  })
})

describe('a block of code in a page', () => {
  const page = [
    '# Page',
    '',
    '```ts',
    '// contract.ts',
    'export const a = 1',
    '```',
    '',
    '```tsx run',
    'x',
    '```',
  ]

  test('keeps the numbers of its lines and the name that it gives itself', () => {
    const [first, second] = codeBlocksOf('page.md', page.join('\n'))
    expect(first).toMatchObject({ file: 'contract.ts', line: 4, run: false })
    expect(first?.code.split('\n')[4]).toBe('export const a = 1')
    expect(second).toMatchObject({ file: 'line-9.tsx', line: 9, run: true })
  })

  test('is left alone in any other language', () => {
    expect(codeBlocksOf('page.md', '```sh\ncurl x\n```\n```\nplain\n```')).toEqual([])
  })

  test('can be given what the reader need not see', () => {
    const text = '<!-- given:\ndeclare const x: string\n-->\n```ts\nx\n```'
    expect(codeBlocksOf('page.md', text)[0]?.code.split('\n')[3]).toBe('declare const x: string')
  })

  test('that is a piece of a file is what that file has there, and is not compiled again', () => {
    const text = 'before\n\n```tsx a/b.tsx#x\nold\n```\n\nafter\n'
    const read = () => 'import y\n// #region x\n\none\n  two\n// #endregion\nthree\n'
    expect(withQuotes('page.md', text, read)).toBe(text.replace('old', 'one\n  two'))
    expect(codeBlocksOf('page.md', text)).toEqual([])
    expect(() => withQuotes('page.md', text.replace('#x', '#y'), read)).toThrow(
      "no part between '// #region y'",
    )
    expect(() => withQuotes('page.md', '```ts runs\nx\n```\n', read)).toThrow(
      "page.md: a block opens with 'ts runs'",
    )
  })

  test('that never ends is reported', () => {
    expect(() => codeBlocksOf('page.md', '```ts\nx')).toThrow(
      'page.md:1 opens a block of code that never ends',
    )
  })
})
