import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { loadVectors } from '../../packages/shared/test/vectors/load.js'
import { describeInPython, runPython } from './python.js'

const folder = fileURLToPath(new URL('../../packages/shared/test/vectors', import.meta.url))

interface Positions {
  readonly valid: readonly { readonly epoch: string; readonly offset: number }[]
  readonly invalid: readonly string[]
}
interface Frame {
  readonly name: string
  readonly frame: object
  readonly alsoRead?: readonly string[]
}
interface Payload {
  readonly name: string
  readonly value: unknown
  readonly textJson?: unknown
}
interface Stream {
  readonly name: string
  readonly blocks: readonly { readonly lastEventId: string }[]
}

describeInPython('the client in Python reads the golden', () => {
  let told: unknown[]
  beforeAll(async () => {
    told = await runPython('vectors.py', folder)
  })
  const line = (at: number) => told[at] as unknown[]

  test('positions, and refuses what is none', () => {
    const { valid, invalid } = loadVectors<Positions>('positions')
    expect(line(0)).toEqual(invalid.map(() => null))
    expect(line(1)).toEqual(valid.map(({ epoch, offset }) => [epoch, offset]))
  })

  test.each(loadVectors<Frame[]>('frames').map((vector, at) => ({ ...vector, at })))(
    'frame: $name',
    ({ at, frame, alsoRead = [] }) => {
      const [read, ...again] = line(2)[at] as unknown[]
      expect(read).toEqual(frame)
      expect(again).toMatchObject(alsoRead.map(() => frame)) // with fields of a later version, which are skipped
    },
  )

  test.each(loadVectors<{ valid: Payload[] }>('payloads').valid.map((vector, at) => ({ ...vector, at })))(
    'payload: $name',
    ({ at, value, textJson }) => {
      expect(line(3)[at]).toEqual(textJson === undefined ? [value] : [value, value])
    },
  )

  test.each(loadVectors<{ streams: Stream[] }>('sse').streams.map((vector, at) => ({ ...vector, at })))(
    'event stream: $name',
    ({ at, blocks }) => {
      const own = blocks.map(({ lastEventId: _, ...block }) => block)
      expect(line(4)[at]).toEqual([own, own, own])
    },
  )
})
