import type { CloseCodeName } from './codes.js'

/** What was wrong with something received: a value, not an exception. `close` is how to end the connection over it. */
export class Fault {
  readonly close: CloseCodeName
  /** Which rule was broken, for a person. */
  readonly why: string

  constructor(close: CloseCodeName, why: string) {
    this.close = close
    this.why = why
  }
}
