import type { ErrorCode, MisuseCode } from './wire/codes.js'

/** One fault that a schema found: where, and what. */
export interface Issue {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** What an error carries beside its code and message. */
export interface ParleyErrorDetails<Data> {
  readonly data?: Data
  readonly issues?: readonly Issue[]
  /** Finds the error in the server's reports. */
  readonly id?: string
  readonly cause?: unknown
}

/**
 * The one error that Parley throws or rejects with. `code` says what happened: one of Parley's own codes, or one
 * that the contract declares for the call, and then `data` is typed by it.
 *
 * @example
 * const { error } = await client.rooms.create.safe({ name: 'x' })
 * if (error?.code === 'NAME_TAKEN') suggest(error.data.suggestion)
 */
export class ParleyError<
  Code extends string = ErrorCode | MisuseCode | (string & {}),
  Data = unknown,
> extends Error {
  override readonly name = 'ParleyError'
  readonly code: Code
  readonly data: Data
  readonly issues: readonly Issue[] | undefined
  readonly id: string | undefined

  constructor(code: Code, message: string, details: ParleyErrorDetails<Data> = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.data = details.data as Data
    this.issues = details.issues
    this.id = details.id
  }
}
