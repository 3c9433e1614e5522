/** The reading half of the codec, which needs nothing of superjson's: the typed subscriber has this half alone. */
import type { SuperJSON } from 'superjson'
import { applyMeta, unreadable } from './annotations.js'
import type { Encoded, Received } from './payload.js'
import { restoreWith } from './restore.js'

export interface Decoder {
  /**
   * Reads a payload, which stays as it is.
   *
   * @throws ParleyError `BAD_REQUEST`, whatever is wrong with it, saying what and where.
   */
  decode(payload: Received): unknown
  /** What the other side would receive of a payload, with blobs of its own. Throws `BAD_REQUEST` for text that is not JSON. */
  received(encoded: Encoded): Received
}

/** Makes a decoder. @param instance an application's superjson with its own types, as for `createCodec`. */
export function createDecoder(instance?: SuperJSON): Decoder {
  return {
    decode({ json, meta, blobs }) {
      if (meta === undefined || meta === null) return json
      const restore = restoreWith(
        instance?.customTransformerRegistry,
        instance?.allowedErrorProps ?? [],
        blobs,
      )
      return applyMeta(meta, json, restore)
    },
    received({ json, meta, blobs }) {
      return {
        json: parseStored(json),
        ...(meta === undefined ? {} : { meta: parseStored(meta) }),
        ...(blobs ? { blobs: blobs.map((blob) => new Uint8Array(blob)) } : {}),
      }
    },
  }
}

export function parseStored(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unreadable('it is not JSON', cause)
  }
}
