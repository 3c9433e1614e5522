import fc from 'fast-check'

/** Any UTF-16, halves of surrogate pairs included. */
const anyString = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units))

const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  anyString,
  fc.constantFrom('\ud800', 'x\udfff', '\u2028', ''),
)

/** Keys that a path of superjson's meta has to escape, or that look like an index, among others. */
const key = fc
  .oneof(
    text,
    fc.constantFrom('a.b', 'c\\d', '.', '\\', '\\.', '0', '00', '-1', 'length', 'toString', '$date'),
  )
  .filter((name) => name !== '__proto__' && name !== 'constructor' && name !== 'prototype')

const primitive = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.bigInt(),
)

const bytes = fc.uint8Array({ maxLength: 40 })

const leaf = fc.oneof(
  primitive,
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(/a\/b/, /^\.$/gimsu, /[/]/y).map((one) => new RegExp(one)),
  fc.webUrl().map((url) => new URL(url)),
)

function nested(leaves: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec<{ value: unknown }>((tie) => {
    const value = tie('value')
    return {
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaves,
        fc.array(value, { maxLength: 4 }),
        fc.dictionary(key, value, { maxKeys: 4 }),
        fc.array(value, { maxLength: 3 }).map((items) => new Set(items)),
        fc.array(fc.tuple(value, value), { maxLength: 3 }).map((pairs) => new Map(pairs)),
        fc
          .record({
            name: fc.option(text, { nil: undefined }),
            message: text,
            cause: fc.option(value, { nil: undefined }),
          })
          .map(({ name, message, cause }) => {
            const error = new Error(message, cause === undefined ? undefined : { cause })
            if (name !== undefined) error.name = name
            return error
          }),
      ),
    }
  }).value
}

/** Anything that may travel, but bytes. */
export const richWithoutBytes: fc.Arbitrary<unknown> = nested(leaf)

/** Anything that may travel. */
export const rich: fc.Arbitrary<unknown> = nested(
  fc.oneof({ weight: 4, arbitrary: leaf }, { weight: 1, arbitrary: bytes }),
)

/** Values that JSON alone can write. */
export const plain: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.double({ noDefaultInfinity: true, noNaN: true }).filter((n) => !Object.is(n, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
})).value
