/**
 * A position in a log: `epoch-offset`. The epoch is 1 to 32 ASCII letters or digits, the offset a decimal number
 * from 0 to 2^53-1 without leading zeros; so a position is printable, has no spaces and stays below 64 bytes.
 * Two positions of one epoch compare by offset; positions of two epochs do not compare.
 */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

const grammar = /^([0-9A-Za-z]{1,32})-(0|[1-9][0-9]{0,15})$/

/** Reads a position, or gives `undefined` for text that is none. */
export function parsePosition(text: string): Position | undefined {
  const match = grammar.exec(text)
  if (!match) return undefined
  const offset = Number(match[2])
  return Number.isSafeInteger(offset) ? { epoch: match[1]!, offset } : undefined
}

export function formatPosition(position: Position): string {
  return `${position.epoch}-${position.offset}`
}
