/**
 * Code in a page that is a piece of a file: a block that opens with ```ts path/to/file.ts#name holds what stands in that file between
 * `// #region name` and `// #endregion`. `npm run docs` writes it, and a test fails where it has drifted; the file is compiled and
 * tested where it is, so such a block is not compiled again.
 */

const fence = /^```(tsx?) +(?!run *$)(.*)\n([\s\S]*?)^```$/gm
const piece = /^(?<path>[\w./-]+)#(?<name>[\w-]+)$/

/** The page with each such block as its file has it. `read` gives the text of a file, by its path from the root. */
export function withQuotes(page: string, text: string, read: (path: string) => string): string {
  return text.replace(fence, (_, language: string, info: string) => {
    const { path, name } = piece.exec(info)?.groups ?? {}
    if (path === undefined || name === undefined) {
      throw new Error(
        `${page}: a block opens with '${language} ${info}', which is no piece of a file: path#name`,
      )
    }
    return `\`\`\`${language} ${info}\n${regionOf(path, read(path), name)}\n\`\`\``
  })
}

function regionOf(path: string, text: string, name: string): string {
  const lines = text.split('\n')
  const from = lines.indexOf(`// #region ${name}`)
  const to = lines.indexOf('// #endregion', from)
  if (from < 0 || to < 0)
    throw new Error(`${path} has no part between '// #region ${name}' and '// #endregion'`)
  return lines
    .slice(from + 1, to)
    .join('\n')
    .trim()
}
