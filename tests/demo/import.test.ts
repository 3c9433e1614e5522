import { createClient } from '@parley/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contract } from '../../examples/demo/contract.js'
import { type Running, startExample } from '../examples/running.js'

let demo: Running
const clientOf = () => createClient(contract, { url: `${demo.url}/realtime`, onReport: () => {} })
let client: ReturnType<typeof clientOf>

beforeAll(async () => {
  demo = await startExample('examples/demo/start.ts')
  client = clientOf()
})

afterAll(async () => {
  client.connection.close()
  await demo.stop()
})

test('the import of the demo tells how far it is, row by row, and what came of it', async () => {
  const run = client.importRows(['a', 'b', 'a'])
  const steps: string[] = []
  for await (const { done, of } of run) steps.push(`${done}/${of}`)
  expect(steps).toEqual(['1/3', '2/3', '3/3'])
  expect(await run.result).toEqual({ rows: 3, different: 2 })
})

test('the import of the demo goes on through a change of the connection', async () => {
  const run = client.importRows(Array.from({ length: 30 }, (_, index) => `row ${index}`))
  const steps: number[] = []
  for await (const { done } of run) {
    steps.push(done)
    if (done === 10) client.connection.reconnect()
  }
  expect(steps).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
})

test('the import of the demo ends when it is cancelled', async () => {
  const run = client.importRows(Array.from({ length: 5_000 }, () => 'x'))
  for await (const { done } of run) if (done === 3) break
  await expect(run.result).rejects.toMatchObject({ code: 'ABORTED' })
})
