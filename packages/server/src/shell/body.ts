/** Reads the body of a POST and writes its answer: the two JSON forms, bounded in size and depth. */
import { type Codec, type Encoded, isDeeperThan, type Limits, type Received } from '@parley/shared/internal'
import { type Failure, failure } from '../failure.js'

/** `{ "json", "meta"? }` instead of the bare value. */
const parleyJson = 'application/vnd.parley+json'
const plainJson = 'application/json'

/** The input that a body holds (`value` is absent for an empty one), or why it holds none. */
export type Body = { readonly value?: Received } | { readonly failure: Failure }

export async function readBody(request: Request, limits: Limits): Promise<Body> {
  const type = (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  if (type !== plainJson && type !== parleyJson) {
    // asked even of an empty body: it is what makes a browser ask first, for a foreign page
    return {
      failure: failure('UNSUPPORTED_MEDIA_TYPE', `content type must be ${plainJson} or ${parleyJson}`),
    }
  }
  const text = await readText(request, limits.frameBytes)
  if (text === undefined)
    return { failure: failure('TOO_LARGE', `the body is over ${limits.frameBytes} bytes`) }
  if (text === '') return {}
  if (isDeeperThan(text, limits.jsonDepth)) {
    return { failure: failure('TOO_LARGE', `the body is nested deeper than ${limits.jsonDepth}`) }
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { failure: failure('BAD_REQUEST', 'the body is no JSON') }
  }
  if (type === plainJson) return { value: { json } }
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, 'json')) {
    return { failure: failure('BAD_REQUEST', `a body of ${parleyJson} is an object with "json" and "meta"`) }
  }
  const { json: inner, meta } = json as { json: unknown; meta?: unknown }
  return { value: { json: inner, ...(meta === undefined || meta === null ? {} : { meta }) } }
}

/** The body as text, or nothing when it is larger than allowed: it is not read further. */
export async function readText(request: Request, most: number): Promise<string | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > most) return undefined
  if (!request.body) return ''
  const decoder = new TextDecoder()
  let size = 0
  let text = ''
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > most) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** An output in the form that the request asks for. */
export function outputResponse(
  request: Request,
  output: Encoded | undefined,
  codec: Codec,
  headers: Headers,
): Response {
  if (!output) return new Response(null, { status: 204, headers })
  const { json, meta } = codec.toText(output)
  const full = wantsMeta(request)
  headers.set('content-type', full ? parleyJson : plainJson)
  if (!full) return new Response(json, { headers })
  return new Response(`{"json":${json}${meta === undefined ? '' : `,"meta":${meta}`}}`, { headers })
}

/** The data of a declared error as it goes into a text: bytes as base64, `meta` only for whoever asks for it. */
export function errorInText(request: Request, error: Failure, codec: Codec): Failure {
  if (!error.data) return error
  const { json, meta } = codec.toText(error.data)
  return { ...error, data: meta !== undefined && wantsMeta(request) ? { json, meta } : { json } }
}

function wantsMeta(request: Request): boolean {
  return (request.headers.get('accept') ?? '').includes(parleyJson)
}
