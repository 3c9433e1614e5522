import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeInPython, runPython } from './python.js'
import { kept, saidAt, startServer } from './server.js'

const at = { date: saidAt.getTime() / 1_000 }
const missed = ['missed 1', 'missed 2', 'missed 3']
const flood = Array.from({ length: 8 }, (_, n) => `flood ${n + 1}`)

interface Step {
  readonly step: string
  readonly position?: string
  readonly seen?: readonly { readonly position?: string }[]
}

const event = (text: string) => ({ event: 'message', data: { text, at }, position: expect.any(String) })

describeInPython('a client in Python, written from the protocol page alone,', () => {
  let server: ReturnType<typeof startServer>
  beforeEach(() => {
    server = startServer()
  })
  afterEach(() => server.stop())

  const play = async (scenario: string) => (await runPython('run.py', server.url, scenario)) as Step[]

  /** What both ways of reading have in common: cut twice, once within the window and once too long. */
  function expectResumed(steps: readonly Step[]): void {
    const [heard, resumed, flooded] = ['heard', 'resumed', 'after the flood'].map((step) =>
      steps.find((one) => one.step === step),
    )
    expect(heard?.seen).toEqual([event('hello')])
    expect(resumed?.seen).toEqual(missed.map(event))
    expect(flooded?.seen).toEqual([
      { gap: 'trimmed', after: resumed?.position, first: expect.any(String) },
      ...flood.slice(-kept).map(event),
    ])
    expect(flooded?.position).toBe(flooded?.seen?.at(-1)?.position)
  }

  test.each([
    ['WebSocket', 'websocket', []],
    ['the fallback', 'fallback', ['closed']],
  ])(
    'joins, sends, calls, and comes back over %s to exactly what it missed, and to a gap',
    async (_, scenario, last) => {
      const steps = await play(scenario)
      expect(steps.map(({ step }) => step)).toEqual([
        ...['live', 'acknowledged', 'heard', 'failed', 'resumed', 'after the flood'],
        ...last,
      ])
      expect(steps).toContainEqual({ step: 'acknowledged', output: { at } })
      expect(steps).toContainEqual({ step: 'failed', code: 'NAME_TAKEN', data: { suggestion: 'taken-2' } })
      expectResumed(steps)
    },
  )

  test('reads and comes back over SSE to exactly what it missed, and to a gap', async () => {
    const steps = await play('sse')
    expect(steps.map(({ step }) => step)).toEqual(['live', 'heard', 'resumed', 'after the flood'])
    expectResumed(steps)
  })

  test('makes calls over HTTP, and reads a Date and a declared error', async () => {
    expect(await play('http')).toEqual([
      { step: 'answered', output: { name: 'new', since: at } },
      { step: 'failed', code: 'NAME_TAKEN', data: { suggestion: 'taken-2' } },
      { step: 'failed', code: 'NOT_FOUND', data: null },
    ])
  })

  test('is told apart from a stranger, in a way that it can read', async () => {
    expect(await play('refused')).toEqual([
      { step: 'closed', code: 4401, reason: 'UNAUTHENTICATED' },
      { step: 'closed', code: 4401, reason: 'UNAUTHENTICATED' },
      { step: 'failed', code: 'UNAUTHENTICATED' },
    ])
  })
})
