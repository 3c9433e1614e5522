/**
 * The one way from a value to what travels and back: superjson's `json` and `meta`, side by side. Nothing else in
 * Parley writes or reads a payload.
 *
 * What travels: JSON's own types, `undefined`, `NaN`, the infinities, `-0`, BigInt, Date, Map, Set, RegExp, URL,
 * Error (its name, message and cause; more with `allowErrorProps`), bytes, and whatever an application's superjson
 * instance knows by `registerCustom`. Bytes are `Uint8Array`; Node's `Buffer` is one and arrives as a plain one.
 *
 * What is refused: functions, symbols, cycles, invalid Dates, other typed arrays, `ArrayBuffer`, and instances of
 * all other classes. `registerClass` makes no difference: a class that the other side names would be made without
 * its constructor, so use `registerCustom`. A value that occurs twice is written twice, as JSON does.
 */
import { SuperJSON } from 'superjson'
import { ParleyError } from '../errors.js'
import { applyMeta, unreadable } from './annotations.js'
import { toBase64 } from './base64.js'
import { createDecoder, type Decoder, parseStored } from './decoder.js'
import type { Encoded } from './payload.js'
import { isPlainJson } from './plain.js'
import { bytesRule, type Customs } from './rules.js'
import { assertTravels } from './travels.js'

/** The class of an application's own instance, which both sides are given. */
export type { SuperJSON }

export interface Codec extends Decoder {
  /**
   * Writes a value, its bytes apart from it. `meta` and `blobs` are absent where there is nothing to say.
   *
   * @throws ParleyError `NOT_SERIALIZABLE`, naming the path of what cannot travel.
   */
  encode(value: unknown): Encoded
  /** Writes a value with its bytes in it as base64, for where only text goes: SSE and HTTP. Throws like `encode`. */
  encodeText(value: unknown): Encoded
  /** Turns what `encode` wrote into what `encodeText` would have written. Throws `BAD_REQUEST` for what it did not write. */
  toText(encoded: Encoded): Encoded
}

/**
 * Makes a codec.
 *
 * @param instance an application's superjson with its own types (`registerCustom`, `allowErrorProps`), also those
 *   registered later. It is only read. Give both sides the same rules.
 * @throws ParleyError `BAD_OPTIONS` for an instance with a custom type named `bytes`.
 *
 * @example
 * const superjson = new SuperJSON()
 * superjson.registerCustom({ isApplicable: Money.is, serialize: (m) => m.toJSON(), deserialize: Money.from }, 'Money')
 * const codec = createCodec(superjson)
 */
export function createCodec(instance?: SuperJSON): Codec {
  const customs: Customs | undefined = instance?.customTransformerRegistry
  if (customs?.findByName(bytesRule)) {
    throw new ParleyError(
      'BAD_OPTIONS',
      `superjson: the custom type name '${bytesRule}' is Parley's own; rename yours`,
    )
  }
  let writeBytes: (bytes: Uint8Array) => string | number = toBase64
  const superjson = ownInstance(instance, (bytes) => writeBytes(bytes))

  function write(value: unknown, bytesAs: (bytes: Uint8Array) => string | number): Encoded {
    if (isPlainJson(value, customs)) return { json: JSON.stringify(value) }
    assertTravels(value, customs, superjson.allowedErrorProps)
    const { json, meta } = superjson.serialize(value)
    writeBytes = bytesAs
    return {
      json: JSON.stringify(json),
      ...(meta?.values ? { meta: JSON.stringify({ values: meta.values, v: 1 }) } : {}),
    }
  }

  return {
    ...createDecoder(instance),
    encode(value) {
      const blobs: Uint8Array[] = []
      // a copy: what is written must not change when the application uses its buffer again
      const encoded = write(value, (bytes) => blobs.push(new Uint8Array(bytes)) - 1)
      return blobs.length > 0 ? { ...encoded, blobs } : encoded
    },
    encodeText: (value) => write(value, toBase64),
    toText(encoded) {
      const { meta, blobs } = encoded
      if (!meta || !blobs) return encoded
      const json = applyMeta(parseStored(meta), parseStored(encoded.json), (type, json) => {
        if (typeof type !== 'object' || type.custom !== bytesRule) return json
        const blob = blobs[json as number]
        if (!blob) throw unreadable('it names a blob that it does not have')
        return toBase64(blob)
      })
      return { json: JSON.stringify(json), meta }
    },
  }
}

/** An instance of our own, so that the application's is never changed: its rules behind ours, none of its classes. */
function ownInstance(
  instance: SuperJSON | undefined,
  writeBytes: (bytes: Uint8Array) => string | number,
): SuperJSON {
  const own = new SuperJSON({ dedupe: false })
  own.registerCustom<Uint8Array, never>(
    {
      isApplicable: (value) => value instanceof Uint8Array,
      // superjson serializes a value that occurs twice once; JSON.stringify asks at each place
      serialize: (bytes) => ({ toJSON: () => writeBytes(bytes) }) as never,
      deserialize: (json) => json,
    },
    bytesRule,
  )
  if (instance) {
    const ours = own.customTransformerRegistry
    const theirs = instance.customTransformerRegistry
    const bytes = ours.findByName(bytesRule)
    ours.findApplicable = (value) => (value instanceof Uint8Array ? bytes : theirs.findApplicable(value))
    Object.assign(own, { allowedErrorProps: instance.allowedErrorProps })
  }
  return own
}
