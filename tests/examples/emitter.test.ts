import { createSubscriber } from '@parley/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contract } from '../../examples/emitter/contract.js'
import { type Running, startExample } from './running.js'

let example: Running

beforeAll(async () => {
  example = await startExample('examples/emitter/server.ts')
})

afterAll(async () => {
  await example.stop()
})

test('the page of the emitter example loads its script from the same server', async () => {
  const html = await fetch(example.url)
  expect(html.headers.get('content-type')).toContain('text/html')
  const page = await html.text()
  const [, script] = /<script type="module" src="\.([^"]+)"/.exec(page) ?? []
  const response = await fetch(example.url + script)
  expect(response.headers.get('content-type')).toContain('javascript')
  expect(await response.text()).toContain('/api/weather')
})

test('a subscriber of the emitter example gets readings, typed as the contract says', async () => {
  const weather = createSubscriber(contract, 'weather', { url: `${example.url}/api/weather` })
  try {
    const reading = await new Promise<{ station: string; celsius: number; at: Date }>((resolve) => {
      weather.on('reading', resolve, { from: 'first' })
    })
    expect(reading).toEqual({
      station: 'Harbour',
      celsius: expect.any(Number),
      at: expect.any(Date),
    })
  } finally {
    weather.close()
  }
})

test('the emitter example stops cleanly on Ctrl-C, also while somebody reads', async () => {
  const other = await startExample('examples/emitter/server.ts')
  const response = await fetch(`${other.url}/api/weather`)
  expect(response.status).toBe(200)
  expect((await other.stop('SIGINT')).code).toBe(0)
})
