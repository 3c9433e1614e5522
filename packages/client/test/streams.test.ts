/** What a client says of its streams, to a server in the hands of the test. */
import { defineContract, ParleyError, stream } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createClient } from '../src/client.js'
import { ScriptedServer, value } from './scripted-server.js'

const contract = defineContract({
  count: stream({ input: z.number(), yields: z.number(), output: z.string() }),
})

function setUp() {
  const clock = virtualClock()
  const server = new ScriptedServer(clock)
  const client = createClient(contract, { transport: server.link, clock, onReport: () => {} })
  const say = (id: number, ...seqs: number[]): void => {
    for (const seq of seqs) server.send({ type: 'y', id, seq, value: value(seq) })
  }
  return { clock, server, client, say }
}

/** The values that a loop got, and the code of what it threw. */
function loop(run: AsyncIterable<unknown>): unknown[] {
  const seen: unknown[] = []
  void (async () => {
    try {
      for await (const one of run) seen.push(one)
      seen.push('done')
    } catch (error) {
      seen.push(error instanceof ParleyError ? error.code : error)
    }
  })()
  return seen
}

test('a stream is asked for with a window of credit, and that is kept up', async () => {
  const { clock, server, client, say } = setUp()
  const run = client.count(5)
  await server.until('stream')
  expect(server.last('stream')).toMatchObject({ path: 'count', after: 0, credit: 32, input: { json: 5 } })
  const { id } = server.last('stream')
  const iterator = run[Symbol.asyncIterator]()
  say(id, 1, 2, 3, 4, 5, 6, 7, 8, 9)
  await clock.advance(0)
  for (let n = 1; n <= 8; n++) expect((await iterator.next()).value).toBe(n)
  await clock.advance(0)
  expect(server.all('credit')).toMatchObject([{ id, after: 9, credit: 31 }])
})

test('over another connection it is asked for from the first value that is not there', async () => {
  const { clock, server, client, say } = setUp()
  const seen = loop(client.count(5))
  await server.until('stream')
  const { id } = server.last('stream')
  say(id, 1, 2, 3)
  await clock.advance(0)
  server.welcome = { resumed: true }
  server.link.cut()
  await server.until('stream', 2)
  expect(server.last('stream')).toMatchObject({ id, after: 3, credit: 32 })
  say(id, 3, 4)
  server.send({ type: 'ok', id, output: value('sum') })
  await clock.advance(0)
  expect(seen).toEqual([1, 2, 3, 4, 'done'])
})

test.each([
  ['leaves one out', [1, 3]],
  ['sends more than was allowed', Array.from({ length: 33 }, (_, index) => index + 1)],
])('a server that %s has broken the protocol', async (_title, seqs) => {
  const { clock, server, client, say } = setUp()
  const run = client.count(5)
  const result = run.result.catch((error) => error.code)
  const iterator = run[Symbol.asyncIterator]()
  await server.until('stream')
  say(server.last('stream').id, ...seqs)
  await clock.advance(0)
  expect(server.closes).toMatchObject([{ code: 4400, reason: expect.stringContaining('of a stream') }])
  expect(client.connection.getSnapshot()).toMatchObject({ status: 'closed', code: 'PROTOCOL' })
  expect(await result).toBe('OUTCOME_UNKNOWN')
  expect((await iterator.next()).value).toBe(1)
})

test('what still comes of one that was given up is late, and nothing more', async () => {
  const { clock, server, client, say } = setUp()
  const run = client.count(5)
  await server.until('stream')
  const { id } = server.last('stream')
  run.cancel()
  await clock.advance(0)
  expect(server.last('cancel')).toMatchObject({ id })
  say(id, 1, 2)
  server.send({ type: 'err', id, code: 'ABORTED', message: 'given up' })
  await clock.advance(0)
  expect(client.connection.getSnapshot().status).toBe('open')
  await server.until('ack')
  expect(server.last('ack')).toMatchObject({ upTo: id, waiting: [] })
})

test('a stream that is over leaves nothing to wait for', async () => {
  const { clock, server, client, say } = setUp()
  const seen = loop(client.count(5))
  await server.until('stream')
  const { id } = server.last('stream')
  say(id, 1)
  server.send({ type: 'ok', id })
  await clock.advance(1_000)
  expect(seen).toEqual([1, 'done'])
  client.connection.close()
  await clock.advance(0)
  expect(clock.pending()).toBe(0)
})
