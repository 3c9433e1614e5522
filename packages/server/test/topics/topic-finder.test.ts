import { channel, defineContract } from '@parley/shared'
import { topicOf } from '@parley/shared/internal'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { TopicFinder } from '../../src/topics/topic-finder.js'

let asked = 0
const contract = defineContract({
  room: channel({
    params: z.object({
      id: z.string().refine(() => ++asked),
      page: z.number().default(1),
      open: z.union([z.boolean(), z.string()]).optional(),
    }),
    events: { e: z.object({}) },
  }),
  other: channel({ params: z.object({ id: z.string() }), events: { e: z.object({}) } }),
  news: channel({ events: { e: z.object({}) } }),
})
const spec = (path: string) => contract.channels.get(path)!

/** What an attempt comes to. */
function outcome(attempt: () => { key: string; params: unknown }): unknown {
  try {
    const { key, params } = attempt()
    return { key, params }
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('it finds what topicOf finds, and refuses what that refuses, the first time and the second', () => {
  const value = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(undefined),
    fc.date(),
    fc.constant(null),
  )
  const params = fc.oneof(
    fc.record({ id: fc.oneof(fc.string(), value), page: value, open: value }, { requiredKeys: [] }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('id', 'toJSON', '__proto__')), value),
    fc.constantFrom(undefined, null, 1, 'x', []),
  )
  const finder = new TopicFinder(512)
  fc.assert(
    fc.property(fc.constantFrom('room', 'other', 'news'), params, (path, given) => {
      const expected = outcome(() => topicOf(spec(path), given))
      for (let n = 0; n < 2; n++) expect(outcome(() => finder.find(spec(path), given))).toEqual(expected)
    }),
    { numRuns: 500 },
  )
})

test('a topic that was found is not asked about again', () => {
  const finder = new TopicFinder(512)
  const topic = finder.find(spec('room'), { id: 'a' })
  const before = asked
  expect(finder.find(spec('room'), { id: 'a' })).toBe(topic)
  expect(asked).toBe(before)
  expect(finder.find(spec('other'), { id: 'a' }).key).not.toBe(topic.key)
})

test('what an object of a class or a getter says is asked every time', () => {
  class Room {
    readonly #id: string
    constructor(id: string) {
      this.#id = id
    }
    get id(): string {
      return this.#id
    }
  }
  const finder = new TopicFinder(512)
  expect(finder.find(spec('other'), new Room('a')).params).toEqual({ id: 'a' })
  expect(finder.find(spec('other'), new Room('b')).params).toEqual({ id: 'b' })
  let n = 0
  const counting = {
    get id(): string {
      return `r${++n}`
    },
  }
  for (let times = 0; times < 3; times++) finder.find(spec('other'), counting)
  for (let times = 0; times <= n; times++) {
    expect(finder.find(spec('other'), { id: `r${times}` }).params).toEqual({ id: `r${times}` })
  }
})

test('it remembers no more than it should', () => {
  const finder = new TopicFinder(512)
  const first = finder.find(spec('other'), { id: 'r0' })
  for (let n = 1; n <= 1_023; n++) finder.find(spec('other'), { id: `r${n}` })
  expect(finder.find(spec('other'), { id: 'r0' })).toBe(first)
  finder.find(spec('other'), { id: 'r1024' })
  expect(finder.find(spec('other'), { id: 'r0' })).not.toBe(first)
})
