/**
 * What the documentation says about codes, written from packages/shared/src/wire/codes.ts: the tables of
 * docs/PROTOCOL.md, and docs/errors with a page for each code. Only what stands between the markers is generated;
 * whatever somebody wrote around them stays.
 */
import {
  type CloseCodeEntry,
  closeCodes,
  type ErrorCodeEntry,
  errorCodes,
  misuseCodes,
  reconnectPolicy,
} from '../packages/shared/src/wire/codes.js'

const running: Readonly<Record<string, ErrorCodeEntry>> = errorCodes
const misuse: Readonly<Record<string, ErrorCodeEntry>> = misuseCodes
const closing: Readonly<Record<string, CloseCodeEntry>> = closeCodes

const policies = {
  'at-once': 'comes back at once',
  later: 'comes back after the advised delay',
  never: 'does not come back by itself',
} as const

/** The files to write, by their path from the root. `read` gives a file's present text, if there is one. */
export function errorDocs(read: (path: string) => string | undefined): Map<string, string> {
  const files = new Map<string, string>()
  const protocol = read('docs/PROTOCOL.md')
  if (protocol === undefined) throw new Error('docs/PROTOCOL.md is missing')
  files.set(
    'docs/PROTOCOL.md',
    withGenerated(
      withGenerated(protocol, 'close codes', closeCodeTable()),
      'error codes',
      errorCodeTable('errors/'),
    ),
  )
  put('docs/errors/README.md', '# Codes', index())
  for (const [code, entry] of Object.entries({ ...running, ...misuse })) {
    put(`docs/errors/${code}.md`, `# ${code}`, page(code, entry))
  }
  return files

  function put(path: string, title: string, generated: string): void {
    const present = read(path) ?? `${title}\n\n${opening('from the code')}\n${ending}\n`
    files.set(path, withGenerated(present, 'from the code', generated))
  }
}

const opening = (name: string) => `<!-- generated: ${name} -->`
const ending = '<!-- /generated -->'

/** The text with the generated part of this name replaced. */
export function withGenerated(text: string, name: string, generated: string): string {
  const from = text.indexOf(opening(name))
  const to = text.indexOf(ending, from)
  if (from < 0 || to < 0)
    throw new Error(`The text has no part marked \`${opening(name)}\` ... \`${ending}\``)
  return `${text.slice(0, from)}${opening(name)}\n${generated}\n${text.slice(to)}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function closeCodeTable(): string {
  return table(
    ['code', 'name', 'meaning', 'the client'],
    Object.entries(closing).map(([name, { code, meaning }]) => [
      String(code),
      `\`${name}\``,
      meaning,
      policies[reconnectPolicy(code)],
    ]),
  )
}

function errorCodeTable(folder: string): string {
  return table(
    ['code', 'HTTP', 'meaning'],
    Object.entries(running).map(([code, { status, meaning }]) => [
      `[\`${code}\`](${folder}${code}.md)`,
      status === undefined ? '-' : String(status),
      meaning,
    ]),
  )
}

function index(): string {
  return [
    'Everything that goes wrong in Parley is a `ParleyError` with one of these codes, or with one that the contract',
    'declares for the call. Each page says what happened, why, and what to do.',
    '',
    '## While the program runs',
    '',
    errorCodeTable(''),
    '',
    '## While the program is written',
    '',
    'Thrown where the mistake is made. They never travel.',
    '',
    table(
      ['code', 'meaning'],
      Object.entries(misuse).map(([code, { meaning }]) => [`[\`${code}\`](${code}.md)`, meaning]),
    ),
    '',
    'The close codes of a WebSocket stand in [the protocol](../PROTOCOL.md#closing).',
  ].join('\n')
}

function page(code: string, { status, meaning, mend }: ErrorCodeEntry): string {
  return ['', meaning, '', ...where(code, status), '', '## What to do', '', mend].join('\n')
}

/** Where one meets a code: in an answer, as the end of a connection, or thrown on the spot. */
function where(code: string, status: number | undefined): string[] {
  if (code in misuse) return ['Thrown by the function that was used wrongly; it never travels.']
  const places = [
    status === undefined
      ? 'It does not travel over HTTP.'
      : `Over HTTP the status is ${status}, with the error in the body; over a WebSocket an \`err\` frame carries it.`,
  ]
  const close = closing[code]
  if (close !== undefined) {
    places.push(
      '',
      `A connection that is closed for it has the code ${close.code}; the client then ${policies[reconnectPolicy(close.code)]}.`,
    )
  }
  return places
}
