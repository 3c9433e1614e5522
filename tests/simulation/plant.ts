/**
 * Plants a bug: as the module that it is in is loaded, one snippet of its source is replaced. The product has no hook
 * for it; it must not have been loaded before.
 */
import { join } from 'node:path'
import { type Bug, bugs } from './bugs.js'

const root = join(import.meta.dirname, '../..')

/** What stands in the product, and what is to stand there instead. */
export type Change = Pick<Bug, 'name' | 'file' | 'snippet' | 'replacement'>

/** @throws Error where there is no such bug. */
export function bugNamed(name: string): Change {
  const bug = bugs.find((one) => one.name === name)
  if (!bug) throw new Error(`there is no bug '${name}'; there are ${bugs.map((one) => one.name).join(', ')}`)
  return bug
}

/** What happens where a snippet is not found exactly once: the load throws. */
export function plant(...changes: readonly Change[]): void {
  Bun.plugin({
    name: 'planted bugs',
    setup(build) {
      for (const file of new Set(changes.map((change) => change.file))) {
        const ofFile = changes.filter((change) => change.file === file)
        const filter = new RegExp(`${file.replaceAll('.', '\\.')}$`)
        build.onLoad({ filter }, async ({ path }) => {
          const source = await Bun.file(path).text()
          return {
            contents: path === join(root, file) ? ofFile.reduce(changed, source) : source,
            loader: 'ts',
          }
        })
      }
    },
  })
}

/** @throws Error where the snippet does not stand in the source exactly once. */
export function changed(source: string, { name, file, snippet, replacement }: Change): string {
  const found = source.split(snippet).length - 1
  if (found !== 1) throw new Error(`the snippet of the bug '${name}' stands ${found} times in ${file}`)
  return source.replace(snippet, () => replacement)
}
