/**
 * Who may import whom. A place is a folder of a package's `src`, one file of it, or `*` for what else stands in `src`
 * itself; the longest name that fits decides. A file imports its own place and those listed for it, no others:
 * the way of the data, contract -> codec -> wire -> core -> shell -> adapters, transports, logs -> React.
 */

/** Places of one package, and for each the places that it may import. */
type Walls = Readonly<Record<string, readonly string[]>>

const everything = ['**']

const walls: Readonly<Record<string, Walls>> = {
  shared: {
    // The floor: plain vocabulary, without any behaviour but a clock's, which no part of the core may take.
    'wire/codes': [],
    'wire/frames': ['wire/codes', 'wire/position', 'wire/fault'],
    'wire/position': ['wire/fault'],
    'wire/fault': ['wire/codes'],
    errors: ['wire/codes'],
    'codec/payload': [],
    'codec/base64': [],
    link: [],
    clock: [],
    defaults: [],
    report: ['wire/codes', 'errors'],
    // The frames' types stand for a topic's params on the wire; no function of wire/ is within a contract's reach.
    contract: ['wire/codes', 'wire/frames', 'errors', 'defaults'],
    codec: ['codec/payload', 'codec/base64', 'contract', 'wire/codes', 'errors', 'defaults'],
    // Payloads are opaque and no contract is in sight.
    wire: [
      'errors',
      'codec/payload',
      'codec/base64',
      'wire/codes',
      'wire/frames',
      'wire/position',
      'wire/fault',
      'link',
      'defaults',
    ],
    core: [
      'wire',
      'wire/codes',
      'wire/frames',
      'wire/position',
      'wire/fault',
      'codec/payload',
      'link',
      'defaults',
    ],
    testing: ['clock', 'link', 'defaults'],
    'testing.ts': ['testing', 'clock', 'link'],
    index: everything,
    internal: everything,
  },
  server: {
    'logs/log': [],
    core: ['logs/log'],
    fanout: ['core', 'logs/log'],
    issues: [],
    topics: ['fanout', 'core', 'issues', 'logs/log'],
    // The hub, the router, the emitter and what they are put together from are the shell's outside.
    shell: ['*', 'topics', 'fanout', 'core', 'issues', 'logs/log'],
    '*': ['shell', 'topics', 'fanout', 'core', 'issues', 'logs/log', 'logs/memory'],
    'logs/memory': ['logs/log', 'logs'],
    logs: ['logs/log'],
    adapters: ['*', 'shell', 'topics', 'fanout', 'logs/log'],
    index: everything,
    internal: everything,
  },
  client: {
    core: [],
    shell: ['core'],
    transports: ['core', 'shell'],
    '*': ['core', 'shell', 'transports'],
    react: ['*', 'core', 'shell'],
    query: ['*', 'shell'],
    'query.ts': ['query', '*'],
    index: everything,
    internal: everything,
  },
}

/** A place whose name has a dot or that is a file's path stands for that file alone. */
function placeOf(packageName: string, path: string): string {
  const inPackage = walls[packageName] ?? {}
  const file = path.replace(/\.tsx?$/, '')
  if (path in inPackage) return path
  if (file in inPackage) return file
  const folder = file.split('/')[0] as string
  if (file.includes('/'))
    return folder in inPackage ? folder : `nowhere: ${folder}/ has no place in the table`
  return '*'
}

const inPackages = /^packages\/([^/]+)\/src\/(.+)$/

/** Why one file of `packages/` may not import another, or `undefined` if it may. Paths are from the root. */
export function forbidden(from: string, to: string): string | undefined {
  const [, importer, importerPath] = inPackages.exec(from) ?? []
  const [, imported, importedPath] = inPackages.exec(to) ?? []
  if (importer === undefined || importerPath === undefined) return `${from} is no source of a package`
  if (imported === undefined || importedPath === undefined)
    return `${from} imports ${to} from outside the packages`
  if (importer !== imported) {
    if (imported !== 'shared') return `${from} imports ${to}: only server -> shared <- client`
    const throughEntry = importedPath === 'index.ts' || importedPath === 'internal.ts'
    return throughEntry ? undefined : `${from} imports ${to} past the entries of shared`
  }
  const own = placeOf(importer, importerPath)
  const other = placeOf(imported, importedPath)
  if (own === other) return undefined
  const allowed = walls[importer]?.[own]
  if (allowed === undefined) return `${from}: ${own}`
  if (allowed === everything || allowed.includes(other)) return undefined
  return `${from} imports ${to}: ${own} may import only ${allowed.join(', ') || 'itself'}`
}
