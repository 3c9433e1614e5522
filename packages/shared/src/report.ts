import { ParleyError } from './errors.js'

/** What a report is about. */
export type ReportKind =
  /** A handler, `context`, `around` or hook threw an error that the contract does not declare. */
  | 'handler-failed'
  /** A stream that was given up goes on: its handler does not heed its signal, and it takes a place among `limits.streams`. */
  | 'stream-stuck'
  /** An emit whose promise nobody awaited could not be stored. */
  | 'emit-failed'
  /** `context` refused a connection, or an origin was not allowed. */
  | 'refused'
  /** There was no connection yet, and it is tried again; told of the first attempt only. */
  | 'unreachable'
  /** A peer broke the protocol. */
  | 'protocol'
  /** The log failed: a subscription could not go on, or what came of a call with `once` could not be stored. */
  | 'log-failed'
  /** What the log holds did not all reach this node; its readers were sent to the log for it. */
  | 'tail-lost'
  /** A `latest` topic was given up for lack of memory. */
  | 'latest-evicted'
  /** What was emitted under another version of the contract cannot be given: its `upgrade` failed, or it was volatile and is dropped. */
  | 'incompatible'
  /** A client was built with another contract than the server's; told once for each. */
  | 'contract'
  /** A listener threw; it has had the event all the same. */
  | 'listener-failed'
  /** What would mend a gap could not be loaded; it is tried again, and told of the first attempt only. */
  | 'load-failed'
  /** A gap that no reader listens for. */
  | 'gap-unheard'

/** A typed notice for the operator or developer, given to `onReport`. */
export interface Report {
  readonly kind: ReportKind
  /** One line for a person. */
  readonly message: string
  /** The contract path, topic or route that it is about. */
  readonly path?: string
  /** The id that the client was told, to find this report by. */
  readonly id?: string
  readonly error?: unknown
  /** So many more of this kind came before it, too fast to tell each: strangers can cause them at will. */
  readonly suppressed?: number
}

/** The default `onReport`: one line on stderr. */
export function printReport(report: Report): void {
  const where = report.path === undefined ? '' : ` ${report.path}`
  const id = report.id === undefined ? '' : ` [${report.id}]`
  const cause = report.error === undefined ? '' : `: ${causeOf(report.kind, report.error)}`
  const more = report.suppressed === undefined ? '' : ` (and ${report.suppressed} more before it)`
  console.warn(`[parley] ${report.kind}${where}${id} ${report.message}${more}${cause}`)
}

/** A refusal is what `context` is for, and networks fail: one line, with the place where it was thrown. A bug gets its whole stack. */
function causeOf(kind: ReportKind, error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (kind !== 'refused' && kind !== 'unreachable') return error.stack ?? error.message
  if (error instanceof ParleyError) return `${error.code}: ${error.message}`
  const place = /^\s*at .*$/m.exec(error.stack ?? '')?.[0].trim()
  return `${error.name}: ${error.message}${place === undefined ? '' : `, ${place}`}`
}

/**
 * The way to report to the application: it never throws. A listener that fails loses neither the report nor its own
 * fault, and does not fail what was reported about.
 */
export function safeReporter(onReport: (report: Report) => unknown): (report: Report) => void {
  return (report) => {
    const failed = (error: unknown): void => {
      printReport(report)
      printReport({ kind: 'listener-failed', path: 'onReport', message: 'threw, at the report above', error })
    }
    try {
      Promise.resolve(onReport(report)).catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}
