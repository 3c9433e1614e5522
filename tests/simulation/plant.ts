/**
 * Plants a bug: as the module that it is in is loaded, one snippet of its source is replaced. The product has no hook
 * for it; it must not have been loaded before.
 */
import { join } from 'node:path'
import { bugs } from './bugs.js'

const root = join(import.meta.dirname, '../..')

/** @throws Error where there is no such bug. What happens as its snippet is not found exactly once, the load throws. */
export async function plant(name: string): Promise<void> {
  const bug = bugs.find((one) => one.name === name)
  if (!bug) throw new Error(`there is no bug '${name}'; there are ${bugs.map((one) => one.name).join(', ')}`)
  const file = join(root, bug.file)
  Bun.plugin({
    name: 'a planted bug',
    setup(build) {
      build.onLoad({ filter: new RegExp(`${bug.file.replaceAll('.', '\\.')}$`) }, async ({ path }) => {
        const source = await Bun.file(path).text()
        return { contents: path === file ? changed(source, bug) : source, loader: 'ts' }
      })
    },
  })
}

/** @throws Error where the snippet does not stand in the source exactly once. */
export function changed(source: string, { name, file, snippet, replacement }: (typeof bugs)[number]): string {
  const found = source.split(snippet).length - 1
  if (found !== 1) throw new Error(`the snippet of the bug '${name}' stands ${found} times in ${file}`)
  return source.replace(snippet, () => replacement)
}
