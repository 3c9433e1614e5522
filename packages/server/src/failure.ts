/** What a failed run tells its caller: declared errors as they are, everything else as INTERNAL with an id. */
import { type Issue, ParleyError, type Report } from '@parley/shared'
import { type Codec, type Encoded, type ErrorSpec, errorCodes, parseSync } from '@parley/shared/internal'
import { toldIssues } from './issues.js'

/** An error as it travels. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly issues?: readonly Issue[]
  /** The id of the report. */
  readonly report?: string
  readonly data?: Encoded
  /** HTTP status. */
  readonly status: number
}

/** Codes of ours that application code may throw at a caller: they say something about the request, not the server. */
const throwable: ReadonlySet<string> = new Set([
  'BAD_REQUEST',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'RATE_LIMITED',
  'OVERLOADED',
])

const entries = errorCodes as {
  readonly [code: string]: { readonly status?: number; readonly meaning: string }
}

/** The HTTP status of one of our codes. */
export function statusOf(code: string): number {
  const entry = Object.hasOwn(errorCodes, code) ? entries[code] : undefined
  return entry?.status ?? 500
}

/** A failure that Parley itself found. */
export function failure(code: keyof typeof errorCodes, message: string, issues?: readonly Issue[]): Failure {
  return { code, message, status: statusOf(code), ...(issues ? { issues: toldIssues(issues) } : {}) }
}

/** How a failure that is nobody's business is reported. */
export interface ReportContext {
  readonly path: string
  readonly report: (report: Report) => void
  /** Makes the id that caller and report share. */
  readonly newId: () => string
}

export interface FailureContext extends ReportContext {
  readonly errors: ReadonlyMap<string, ErrorSpec>
  readonly codec: Codec
}

/** What the caller is told of something that application code threw. */
export function failureOf(error: unknown, context: FailureContext): Failure {
  if (!(error instanceof ParleyError)) return internal(error, context)
  const declared = context.errors.get(error.code)
  if (declared) return declaredFailure(error, declared, context)
  return throwable.has(error.code)
    ? { code: error.code, message: error.message, status: statusOf(error.code) }
    : internal(error, context)
}

function declaredFailure(error: ParleyError, spec: ErrorSpec, context: FailureContext): Failure {
  const { code, message } = error
  if (!spec.schema) return { code, message, status: spec.status }
  try {
    const parsed = parseSync(spec.schema, error.data, context.path, code)
    if (parsed.issues) {
      const wrong = new Error(`the data of ${code} does not fit its schema: ${JSON.stringify(parsed.issues)}`)
      return internal(wrong, context)
    }
    return { code, message, status: spec.status, data: context.codec.encode(parsed.value) }
  } catch (fault) {
    return internal(fault, context) // data that cannot travel, or a schema that throws
  }
}

/** Reports an error, and gives the caller no more of it than the id of the report. */
export function internal(
  error: unknown,
  context: ReportContext,
  message = 'failed with an undeclared error',
): Failure {
  const id = context.newId().slice(0, 8)
  context.report({ kind: 'handler-failed', path: context.path, id, message, error })
  return { code: 'INTERNAL', message: 'the server failed to do this', report: id, status: 500 }
}
