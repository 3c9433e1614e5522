import { call, defineContract, type Report } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { createHubWith, type HubOptions } from '../../src/hub.js'
import { createRouter } from '../../src/index.js'
import { connect, greet } from '../peer.js'

const contract = defineContract({ fail: call({}) })

afterEach(() => vi.restoreAllMocks())

function setUp(options: HubOptions<undefined, undefined>) {
  const clock = virtualClock()
  const router = createRouter(createHubWith(contract, options, clock), {
    fail: () => {
      throw new Error('a bug')
    },
  })
  return { clock, router }
}

test.each([
  ['throws', () => fail('at once')],
  ['rejects', async () => fail('later')],
])('an `onReport` that %s loses neither the report nor the answer of the call', async (_, onReport) => {
  const printed = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const { clock, router } = setUp({ onReport })
  const ann = connect(router)
  greet(ann, 'ann')
  await clock.advance(0)
  ann.say('call', 1, 'fail', 0)
  await clock.advance(0)
  expect(ann.of('err')).toMatchObject([['err', 1, { code: 'INTERNAL' }]])
  const lines = printed.mock.calls.map(([line]) => String(line))
  expect(lines[0]).toContain('a bug')
  expect(lines[1]).toMatch(/listener-failed onReport/)
})

function fail(when: string): never {
  throw new Error(`the logger is away, ${when}`)
}

test('clients that are refused by the hundred fill no log: those left out are counted', async () => {
  const reports: Report[] = []
  const { clock, router } = setUp({
    onReport: (report) => reports.push(report),
    context: () => fail('always'),
  })
  const crowd = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) greet(connect(router), `eve${i}`)
    await clock.advance(0)
  }
  await crowd()
  expect(reports).toHaveLength(20)
  await clock.advance(10_000)
  await crowd()
  expect(reports[20]).toMatchObject({ kind: 'refused', suppressed: 80 })
})

test('a report whose id a client was told is never left out', async () => {
  const reports: Report[] = []
  const { clock, router } = setUp({ onReport: (report) => reports.push(report) })
  const ann = connect(router)
  greet(ann, 'ann')
  await clock.advance(0)
  for (let id = 1; id <= 50; id++) ann.say('call', id, 'fail', 0)
  await clock.advance(0)
  expect(reports.map(({ id }) => id)).toEqual(ann.of('err').map(([, , error]) => error.id))
  expect(reports).toHaveLength(50)
})
