import { ParleyError } from '@parley/shared'
import { createCodec } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { RunningStream } from '../../src/shell/running-stream.js'

const codec = createCodec()
const { settle } = virtualClock()

/** A stream in the hands of a test: what the server says, and what it hears. */
function setUp({ window = 4 } = {}) {
  const heard: string[] = []
  let now = 0
  const run = new RunningStream(
    {
      now: () => now,
      decode: (value) => codec.decode(value),
      allow: ({ after, credit }) => heard.push(`${after}+${credit}`),
      giveUp: (error) => {
        heard.push(`gives up: ${error.code}`)
        run.failed(error)
      },
      touch: () => {},
    },
    { ahead: window, creditMs: 20 },
  )
  run.asked()
  let seq = 0
  const say = (...values: unknown[]): void => {
    for (const json of values) run.received(++seq, { json })
  }
  const pass = (ms: number): void => {
    now += ms
    if (now >= run.next) run.elapsed()
  }
  return { run, say, heard, pass }
}

/** What a loop gets: its values, then `done` or the code of what it throws. */
async function loop(run: AsyncIterable<unknown>, seen: unknown[] = []): Promise<unknown[]> {
  try {
    for await (const value of run) seen.push(value)
    seen.push('done')
  } catch (error) {
    seen.push(error instanceof ParleyError ? error.code : error)
  }
  return seen
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error) => error.code,
  )

test('a loop gets every value and its end, and the result is there beside it', async () => {
  const { run, say } = setUp()
  const looped = loop(run)
  say(1, 2)
  await settle()
  say(3)
  run.answered('sum')
  expect(await looped).toEqual([1, 2, 3, 'done'])
  expect(await run.result).toBe('sum')
})

test('values that came before a failure come before it in the loop', async () => {
  const { run, say } = setUp()
  say(1, 2)
  run.failed(new ParleyError('OUTCOME_UNKNOWN', 'lost'))
  expect(await loop(run)).toEqual([1, 2, 'OUTCOME_UNKNOWN'])
  expect(await codeOf(run.result)).toBe('OUTCOME_UNKNOWN')
})

test('a failure that nobody asks about is no unhandled rejection', async () => {
  const { run } = setUp()
  run.failed(new ParleyError('OUTCOME_UNKNOWN', 'lost'))
  await settle() // the runner fails the test over an unhandled one
})

test('nothing more is allowed than the loop takes', async () => {
  const { run, say, heard } = setUp()
  const iterator = run[Symbol.asyncIterator]()
  say(1, 2, 3, 4)
  await settle()
  expect(heard).toEqual([])
  await iterator.next()
  expect(heard).toEqual(['4+1'])
})

test('the result alone drops the values as they come', async () => {
  const { run, say, heard } = setUp()
  const result = run.result
  say(1, 2, 3, 4)
  await settle()
  expect(heard).toEqual(['4+4'])
  expect(() => run[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: 'CONFLICT' }))
  run.answered('sum')
  expect(await result).toBe('sum')
})

test('who asks for the result and then loops gets both', async () => {
  const { run, say } = setUp()
  const result = run.result
  const looped = loop(run)
  say(1)
  await settle()
  run.answered('sum')
  expect([await looped, await result]).toEqual([[1, 'done'], 'sum'])
})

test('a second loop is refused, and the first goes on', async () => {
  const { run, say } = setUp()
  const looped = loop(run)
  expect(await loop(run)).toEqual(['CONFLICT'])
  say(1)
  await settle()
  run.answered(undefined)
  expect(await looped).toEqual([1, 'done'])
})

test.each([
  ['break', (): void => {}],
  [
    'throw',
    (): void => {
      throw new Error('a bug in a loop')
    },
  ],
])('leaving the loop by %s gives the stream up', async (_title, leave) => {
  const { run, say, heard } = setUp()
  say(1, 2)
  const loop = async (): Promise<void> => {
    for await (const _ of run) {
      leave()
      break
    }
  }
  await loop().catch(() => {})
  expect(heard.filter((what) => what.startsWith('gives up'))).toEqual(['gives up: ABORTED'])
  expect(await codeOf(run.result)).toBe('ABORTED')
})

test('cancel ends the loop with a typed error, at once', async () => {
  const { run, say, heard } = setUp()
  const seen: unknown[] = []
  const looped = loop(run, seen)
  say(1)
  await settle()
  run.cancel()
  run.cancel()
  expect(await looped).toEqual([1, 'ABORTED'])
  expect(heard.filter((what) => what.startsWith('gives up'))).toEqual(['gives up: ABORTED'])
})

test('values that were not taken are gone with a cancel', async () => {
  const { run, say } = setUp()
  say(1, 2)
  run.cancel()
  expect(await loop(run)).toEqual(['ABORTED'])
})

test('what is asked for after the end of a loop ends as well', async () => {
  const { run, say } = setUp()
  const iterator = run[Symbol.asyncIterator]()
  const [first, second] = [iterator.next(), iterator.next()]
  run.failed(new ParleyError('CLOSED', 'closed'))
  expect(await codeOf(first)).toBe('CLOSED')
  expect([await second, await iterator.next()]).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ])
  say(1)
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
})

test('several that wait are served in the order in which they asked', async () => {
  const { run, say } = setUp()
  const iterator = run[Symbol.asyncIterator]()
  const asked = [iterator.next(), iterator.next(), iterator.next()]
  run.received(1, { json: 'a' })
  run.received(1, { json: 'again' })
  say('a', 'b', 'c')
  expect((await Promise.all(asked)).map(({ value }) => value)).toEqual(['a', 'b', 'c'])
})

test('a value that cannot be read fails the stream, after those before it', async () => {
  const { run, heard } = setUp()
  run.received(1, { json: 1 })
  run.received(2, { json: 'x', meta: { values: [['class', 'x']], v: 1 } })
  expect(await loop(run)).toEqual([1, 'BAD_REQUEST'])
  expect(heard.at(-1)).toBe('gives up: BAD_REQUEST')
  expect(await codeOf(run.result)).toBe('BAD_REQUEST')
})

test('a loop that waits says after a while what it has', async () => {
  const { run, say, heard, pass } = setUp({ window: 100 })
  void loop(run)
  say(1)
  await settle()
  pass(19)
  expect(heard).toEqual([])
  pass(1)
  expect(heard).toEqual(['1+100'])
})

test('a hole is told as the rule that was broken', () => {
  const { run } = setUp()
  expect(run.received(2, { json: 1 })).toContain('value 2')
})
