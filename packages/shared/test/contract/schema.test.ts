import { ParleyError, type Schema } from '@parley/shared'
import { isSchema, parse, parseSync } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { z } from 'zod'

/** A schema of some other vendor. */
function foreign(validate: (value: unknown) => unknown): Schema {
  return {
    '~standard': { version: 1, vendor: 'acme', validate: validate as Schema['~standard']['validate'] },
  }
}

test('what fits is the output, with transforms and defaults', async () => {
  const schema = z.object({
    at: z.string().transform((text) => text.length),
    open: z.boolean().default(true),
  })
  expect(parseSync(schema, { at: 'abc' }, 'room', 'message')).toEqual({ value: { at: 3, open: true } })
  expect(await parse(schema, { at: 'abc' })).toEqual({ value: { at: 3, open: true } })
})

test('what does not fit is issues, each with its path', async () => {
  const schema = z.object({ list: z.array(z.object({ n: z.number() })) })
  const { issues } = parseSync(schema, { list: [{ n: 1 }, { n: 'x' }] }, 'room', 'message')
  expect(issues).toHaveLength(1)
  expect(issues![0]!.path).toEqual(['list', 1, 'n'])
  expect((await parse(schema, 5)).issues![0]!.path).toEqual([])
})

test('paths of other vendors are made of strings and numbers, too', () => {
  const path = ['a', { key: 0 }, { key: 'b' }, Symbol('c'), { key: Symbol('d') }]
  const schema = foreign(() => ({ issues: [{ message: 'no', path }, { message: 'never' }] }))
  expect(parseSync(schema, 1, 'room', 'message').issues).toEqual([
    { path: ['a', 0, 'b', 'Symbol(c)', 'Symbol(d)'], message: 'no' },
    { path: [], message: 'never' },
  ])
})

test('a schema that needs time is refused where there is none, and its outcome is nobody else’s', async () => {
  const slow = z.string().refine(async () => true)
  const failing = foreign(() => Promise.reject(new Error('too late')))
  for (const schema of [slow, failing, foreign(async (value) => ({ value }))]) {
    expect(() => parseSync(schema, 'x', 'room', 'message')).toThrow(
      expect.objectContaining({ code: 'ASYNC_SCHEMA', message: expect.stringContaining("'room.message'") }),
    )
  }
  expect(await parse(slow, 'x')).toEqual({ value: 'x' })
  await expect(parse(failing, 'x')).rejects.toThrow('too late')
})

test('what a schema throws is not taken for an answer', () => {
  const broken = foreign(() => {
    throw new TypeError('broken')
  })
  expect(() => parseSync(broken, 1, 'room', 'message')).toThrow(TypeError)
  expect(() => parseSync(broken, 1, 'room', 'message')).not.toThrow(ParleyError)
})

test('a schema is known by its brand, whether it is an object or a function', () => {
  expect(isSchema(z.string())).toBe(true)
  expect(
    isSchema(
      Object.assign(
        () => {},
        foreign((value) => ({ value })),
      ),
    ),
  ).toBe(true)
  for (const value of [undefined, null, 'string', 5, {}, () => {}, { '~standard': 1 }, { '~standard': {} }]) {
    expect(isSchema(value)).toBe(false)
  }
})

test('the answer of a schema that need not wait is there at once', () => {
  expect(parse(z.string(), 'x')).toEqual({ value: 'x' })
  expect(parse(z.string(), 5)).toMatchObject({ issues: [{ path: [] }] })
})
