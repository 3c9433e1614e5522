import { call, defineContract } from '@parley/shared'
import { compareContracts, describeContract } from '@parley/shared/internal'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'

/** A schema, as a plan from which zod's is built. */
type Plan =
  | { readonly is: 'text'; readonly min: number; readonly max: number }
  | { readonly is: 'number'; readonly int: boolean; readonly above: number | undefined }
  | { readonly is: 'flag' | 'date' | 'anything' }
  | { readonly is: 'one of'; readonly values: readonly string[] }
  | {
      readonly is: 'object'
      readonly fields: Readonly<Record<string, Plan>>
      readonly rest: 'strip' | 'strict' | 'loose'
    }
  | { readonly is: 'union'; readonly options: readonly Plan[] }
  | {
      readonly is: 'list' | 'record' | 'optional' | 'nullable' | 'default' | 'prefault' | 'catch'
      readonly of: Plan
    }

function build(plan: Plan): z.ZodType {
  switch (plan.is) {
    case 'text':
      return z.string().min(plan.min).max(plan.max)
    case 'number': {
      const number = plan.int ? z.int() : z.number()
      return plan.above === undefined ? number : number.gt(plan.above)
    }
    case 'flag':
      return z.boolean()
    case 'date':
      return z.date()
    case 'anything':
      return z.unknown()
    case 'one of':
      return z.enum(plan.values as [string, ...string[]])
    case 'object': {
      const shape = Object.fromEntries(
        Object.entries(plan.fields).map(([name, field]) => [name, build(field)]),
      )
      const make = { strip: z.object, strict: z.strictObject, loose: z.looseObject }[plan.rest]
      return make(shape)
    }
    case 'union':
      return z.union(plan.options.map(build) as [z.ZodType, ...z.ZodType[]])
    case 'list':
      return z.array(build(plan.of))
    case 'record':
      return z.record(z.string(), build(plan.of))
    case 'optional':
      return build(plan.of).optional()
    case 'nullable':
      return build(plan.of).nullable()
    case 'default':
      return build(plan.of).default(build(plan.of).parse(exampleOf(plan.of)) as never)
    case 'prefault':
      return build(plan.of).prefault(exampleOf(plan.of) as never)
    case 'catch':
      return build(plan.of).catch(build(plan.of).parse(exampleOf(plan.of)))
  }
}

/** One value of a plan, the same each time. */
function exampleOf(plan: Plan): unknown {
  return fc.sample(written(plan), { seed: 1, numRuns: 1 })[0]
}

const missing = Symbol('missing')

/** What a client that was built with this plan may write. */
function written(plan: Plan): fc.Arbitrary<unknown> {
  switch (plan.is) {
    case 'text':
      return fc.string({ minLength: plan.min, maxLength: plan.max, unit: 'grapheme-ascii' })
    case 'number': {
      const above = plan.above === undefined ? -3 : plan.above + (plan.int ? 1 : 0.5)
      return plan.int
        ? fc.integer({ min: above, max: 9 })
        : fc.integer({ min: 0, max: 9 }).map((n) => above + n / 2)
    }
    case 'flag':
      return fc.boolean()
    case 'date':
      return fc.date({ noInvalidDate: true })
    case 'anything':
      return fc.constantFrom(1, 'a', null, { a: 1 })
    case 'one of':
      return fc.constantFrom(...plan.values)
    case 'object': {
      const names = Object.keys(plan.fields)
      const values = names.map((name) => {
        const value = written(plan.fields[name]!)
        return mayBeMissing(plan.fields[name]!) ? fc.oneof(value, fc.constant(missing)) : value
      })
      const more = plan.rest === 'loose' ? fc.constantFrom({}, { a: 1 }, { z: 'z' }) : fc.constant({})
      return fc.tuple(fc.tuple(...values), more).map(([all, rest]) => ({
        ...Object.fromEntries(Object.entries(rest).filter(([name]) => !names.includes(name))),
        ...Object.fromEntries(
          names.map((name, i) => [name, all[i]]).filter(([, value]) => value !== missing),
        ),
      }))
    }
    case 'union':
      return fc.oneof(...plan.options.map(written))
    case 'list':
      return fc.array(written(plan.of), { maxLength: 2 })
    case 'record':
      return fc.dictionary(fc.constantFrom('a', 'b'), written(plan.of))
    case 'nullable':
      return fc.oneof(written(plan.of), fc.constant(null))
    case 'catch':
      return fc.oneof(written(plan.of), fc.constantFrom(null, 7, 'x'))
    default:
      return fc.oneof(written(plan.of), fc.constant(undefined))
  }
}

function mayBeMissing(plan: Plan): boolean {
  if (plan.is === 'nullable') return mayBeMissing(plan.of)
  if (plan.is === 'union') return plan.options.some(mayBeMissing)
  return ['optional', 'default', 'prefault', 'catch'].includes(plan.is)
}

/** Whether a client that was built with this plan can read a value: zod would give it as it is. */
function isReadable(plan: Plan, value: unknown): boolean {
  switch (plan.is) {
    case 'object': {
      if (typeof value !== 'object' || value === null || value instanceof Date || Array.isArray(value))
        return false
      const names = Object.keys(plan.fields)
      if (plan.rest === 'strict' && Object.keys(value).some((name) => !names.includes(name))) return false
      // a reader that asks for a field that is not there finds `undefined`
      return names.every((name) => isReadable(plan.fields[name]!, (value as Record<string, unknown>)[name]))
    }
    case 'union':
      return plan.options.some((option) => isReadable(option, value))
    case 'list':
      return Array.isArray(value) && value.every((one) => isReadable(plan.of, one))
    case 'record':
      return (
        Object.getPrototypeOf(value ?? 1) === Object.prototype &&
        Object.values(value as object).every((one) => isReadable(plan.of, one))
      )
    case 'optional':
      return value === undefined || isReadable(plan.of, value)
    case 'nullable':
      return value === null || isReadable(plan.of, value)
    case 'default':
    case 'prefault':
    case 'catch':
      return isReadable(plan.of, value)
    default:
      return build(plan).safeParse(value).success
  }
}

const leaf: fc.Arbitrary<Plan> = fc.oneof(
  fc.record({
    is: fc.constant('text' as const),
    min: fc.integer({ min: 0, max: 2 }),
    max: fc.integer({ min: 3, max: 5 }),
  }),
  fc.record({
    is: fc.constant('number' as const),
    int: fc.boolean(),
    above: fc.constantFrom(undefined, 0, 1),
  }),
  fc.record({ is: fc.constantFrom('flag' as const, 'date' as const, 'anything' as const) }),
  fc.record({
    is: fc.constant('one of' as const),
    values: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
  }),
)

const { plan } = fc.letrec<{ plan: Plan }>((tie) => ({
  plan: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({
      is: fc.constant('object' as const),
      fields: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('plan'), { maxKeys: 3 }),
      rest: fc.constantFrom('strip' as const, 'strip' as const, 'strict' as const, 'loose' as const),
    }),
    fc.record({
      is: fc.constant('union' as const),
      options: fc.array(tie('plan'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      is: fc.constantFrom(
        'list',
        'record',
        'optional',
        'nullable',
        'default',
        'prefault',
        'catch',
      ) as fc.Arbitrary<'list'>,
      of: tie('plan'),
    }),
  ),
}))

/** The plan with one place of it changed: what a deploy does. */
function changed(from: Plan, other: Plan, way: number): Plan {
  const ways: (() => Plan)[] = [
    () => ({ is: 'optional', of: from }),
    () => ({ is: 'nullable', of: from }),
    () => ({ is: 'default', of: from }),
    () => ({ is: 'catch', of: from }),
    () => ({ is: 'union', options: [from, other] }),
    () => other,
  ]
  if ('of' in from)
    ways.push(
      () => from.of,
      () => ({ ...from, of: changed(from.of, other, way >> 3) }),
    )
  if (from.is === 'union')
    ways.push(
      () => from.options[0]!,
      () => ({ ...from, options: [...from.options, other] }),
    )
  if (from.is === 'text')
    ways.push(
      () => ({ ...from, min: 0 }),
      () => ({ ...from, max: 4 }),
    )
  if (from.is === 'number')
    ways.push(
      () => ({ ...from, int: !from.int }),
      () => ({ ...from, above: undefined }),
    )
  if (from.is === 'one of')
    ways.push(
      () => ({ ...from, values: ['a', 'b', 'c'] }),
      () => ({ ...from, values: ['a'] }),
    )
  if (from.is === 'object') {
    const names = Object.keys(from.fields)
    const one = names[(way >> 6) % Math.max(1, names.length)]
    const { [one ?? '']: gone, ...rest } = from.fields
    ways.push(
      () => ({ ...from, fields: { ...from.fields, d: other } }),
      () => ({ ...from, fields: { ...from.fields, d: { is: 'optional', of: other } } }),
      () => ({ ...from, fields: { ...from.fields, d: { is: 'default', of: other } } }),
      () => ({ ...from, fields: rest }),
      () => ({ ...from, rest: 'strip' }),
    )
    if (one !== undefined && gone) {
      ways.push(() => ({ ...from, fields: { ...from.fields, [one]: changed(gone, other, way >> 3) } }))
      ways.push(() => ({ ...from, fields: { ...from.fields, [one]: { is: 'optional', of: gone } } }))
    }
  }
  return ways[way % ways.length]!()
}

const deploy = fc
  .tuple(plan, plan, fc.nat({ max: 100_000 }))
  .map(([before, other, way]) => ({ before, now: changed(before, other, way) }))

/** What is found of a call with these inputs, or outputs. */
function found(before: Plan, now: Plan, side: 'input' | 'output') {
  const describe = (one: Plan) => describeContract(defineContract({ go: call({ [side]: build(one) }) }))
  return compareContracts(describe(before), describe(now))
}

test('where nothing is found to differ, zod takes what the older client writes, and it can read what the newer server gives', () => {
  const compatible = { input: 0, output: 0 }
  fc.assert(
    fc.property(deploy, fc.nat(), ({ before, now }, seed) => {
      if (found(before, now, 'input').length === 0) {
        compatible.input++
        const schema = build(now)
        for (const value of fc.sample(written(before), { seed, numRuns: 8 }))
          expect(schema.safeParse(value), JSON.stringify({ before, now, value })).toMatchObject({
            success: true,
          })
      }
      if (found(before, now, 'output').length === 0) {
        compatible.output++
        const schema = build(now)
        for (const value of fc.sample(written(now), { seed, numRuns: 8 })) {
          const given = schema.parse(value)
          expect(isReadable(before, given), JSON.stringify({ before, now, given })).toBe(true)
        }
      }
    }),
    { numRuns: 500 },
  )
  // else it would say nothing
  expect(compatible.input).toBeGreaterThan(50)
  expect(compatible.output).toBeGreaterThan(50)
})

test('whatever the contract, it fits itself, with a new optional field, and with a channel more', () => {
  fc.assert(
    fc.property(plan, (one) => {
      const before = z.object({ a: build(one) })
      const now = z.object({ a: build(one), more: z.string().optional() })
      const of = (schema: z.ZodType, more: object) =>
        describeContract(defineContract({ go: call({ input: schema, output: schema }), ...more }))
      expect(compareContracts(of(before, {}), of(before, {}))).toEqual([])
      expect(compareContracts(of(before, {}), of(now, { other: call({ input: before }) }))).toEqual([])
    }),
  )
})
