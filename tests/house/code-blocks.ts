/**
 * The code of a page of documentation, as files that the compiler and Bun can take.
 *
 * - Every block that opens with ```ts or ```tsx is one module. Its lines keep their numbers, so that a fault that is
 *   reported in line 40 stands in line 40 of the page.
 * - A block whose first line is a comment with nothing but a path, such as `// contract.ts`, is that file: other blocks
 *   of the page import it by that name.
 * - A block that opens with ```ts run is also executed, after all have been written; it must end by itself, with 0.
 * - `<!-- given: ... -->` right above a block holds declarations that the reader need not see.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../../scripts/packages.js'
import { filesIn } from './files.js'

export interface CodeBlock {
  /** The page, as a path from the root. */
  readonly page: string
  /** The line of the page on which the code begins, from 1. */
  readonly line: number
  /** Where the block goes, below the folder that is made for its page. */
  readonly file: string
  readonly run: boolean
  readonly code: string
}

const fence = /^(?<indent> *)```(?<language>tsx?)(?<run> +run)? *$/
const named = /^\/\/ (?<path>[\w./-]+\.tsx?)$/
const given = /<!-- given:(?<code>(?:(?!-->)[\s\S])*)-->\s*$/

export function codeBlocksOf(page: string, text: string): CodeBlock[] {
  const lines = text.split('\n')
  const blocks: CodeBlock[] = []
  for (let at = 0; at < lines.length; at++) {
    const opening = fence.exec(lines[at] as string)?.groups
    if (opening === undefined) continue
    const end = lines.findIndex((line, n) => n > at && line.trim() === '```')
    if (end < 0) throw new Error(`${page}:${at + 1} opens a block of code that never ends`)
    const indent = (opening.indent as string).length
    const code = lines.slice(at + 1, end).map((line) => line.slice(indent))
    const path = named.exec(code[0] ?? '')?.groups?.path
    const hidden = given.exec(lines.slice(0, at).join('\n'))?.groups?.code?.trim() ?? ''
    blocks.push({
      page,
      line: at + 2,
      file: path ?? `line-${at + 2}.${opening.language}`,
      run: opening.run !== undefined,
      // What is hidden goes on the last of the blank lines, which stands for the fence.
      code: `${'\n'.repeat(at)}${hidden.replaceAll('\n', ' ')}\n${code.join('\n')}\nexport {}\n`,
    })
    at = end
  }
  return blocks
}

/** The pages whose code must hold: the READMEs and everything below docs/. */
export function documentedCode(): CodeBlock[] {
  const pages = ['docs', 'packages', 'examples'].flatMap((folder) =>
    filesIn(folder, folder === 'docs' ? /\.md$/ : /^README\.md$/),
  )
  return ['README.md', ...pages].flatMap((page) => codeBlocksOf(page, readFileSync(join(root, page), 'utf8')))
}

/** One folder for each page, inside the repository, so that its packages resolve. */
export const folderOf = (page: string): string => join(root, 'dist/documented', page.replace(/\.md$/, ''))

/** Writes the blocks, and a project that holds them all, into fresh folders; the result is that project's path. */
export function writeCode(blocks: readonly CodeBlock[]): string {
  const top = join(root, 'dist/documented')
  rmSync(top, { recursive: true, force: true })
  for (const { page, file, code } of blocks) {
    const path = join(folderOf(page), file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, code, { flag: 'wx' }) // two blocks of a page with one name are a mistake
  }
  const project = join(top, 'tsconfig.json')
  // What an example declares and does not use is no fault of it.
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false }
  writeFileSync(
    project,
    JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include: ['.'], exclude: [] }),
  )
  return project
}
