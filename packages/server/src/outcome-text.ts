/** What a run came to, as text that can be kept and given to whoever asks again. */
import type { Encoded } from '@parley/shared/internal'
import type { Failure } from './failure.js'

export interface Outcome {
  readonly failure?: Failure
  readonly output?: Encoded
}

/** Its blobs are base64: a text holds no bytes. */
type Written = Omit<Encoded, 'blobs'> & { readonly blobs?: readonly string[] }

interface WrittenOutcome {
  readonly failure?: Omit<Failure, 'data'>
  /** Of the failure. */
  readonly data?: Written
  readonly output?: Written
}

export function outcomeToText({ failure, output }: Outcome): string {
  const { data, ...rest } = failure ?? {}
  const written = {
    ...(failure && { failure: rest }),
    ...(data && { data: write(data) }),
    ...(output && { output: write(output) }),
  }
  return JSON.stringify(written)
}

/** Reads what `outcomeToText` wrote. */
export function outcomeFromText(text: string): Outcome {
  const { failure, data, output } = JSON.parse(text) as WrittenOutcome
  return {
    ...(failure && { failure: { ...failure, ...(data && { data: read(data) }) } }),
    ...(output && { output: read(output) }),
  }
}

function write({ blobs, ...rest }: Encoded): Written {
  return { ...rest, ...(blobs && { blobs: blobs.map((blob) => Buffer.from(blob).toString('base64')) }) }
}

function read({ blobs, ...rest }: Written): Encoded {
  return {
    ...rest,
    ...(blobs && { blobs: blobs.map((text) => Uint8Array.from(Buffer.from(text, 'base64'))) }),
  }
}
