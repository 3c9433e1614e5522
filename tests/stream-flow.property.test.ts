/** The machines of both sides, joined by a line that loses what is under way when it is cut. */
import { StreamMachine as ClientStream, type StreamCredit } from '@parley/client/internal'
import { StreamMachine as ServerStream, type StreamOrder } from '@parley/server/internal'
import { Fault } from '@parley/shared/internal'
import fc from 'fast-check'
import { expect, test } from 'vitest'

interface Sizes {
  readonly window: number
  readonly streamValues: number
  readonly streamBytes: number
}

class Pair {
  readonly client: ClientStream<number>
  readonly server: ServerStream<number>
  readonly taken: number[] = []
  readonly #sizes: Sizes
  #up: StreamCredit[] = []
  #down: { readonly seq: number; readonly value: number }[] = []
  #isUp = false
  #isPulled = false
  #made = 0
  #now = 0
  /** Whether the server has the request. */
  #isAsked = false
  /** How much the server was allowed by what the client said, whether or not it arrived. */
  #allowed = 0

  constructor(sizes: Sizes) {
    this.#sizes = sizes
    this.client = new ClientStream({ ahead: sizes.window, creditMs: 20 })
    this.server = new ServerStream(sizes)
  }

  connect(): void {
    if (this.#isUp) return
    this.#isUp = true
    this.#isAsked = false
    this.#say(this.client.asked())
  }

  cut(): void {
    this.#isUp = false
    this.#up = []
    this.#down = []
    this.server.away()
  }

  stepUp(): void {
    const said = this.#up.shift()
    if (!said) return
    const { after, credit } = said
    this.#carryOut(this.#isAsked ? this.server.credit(after, credit) : this.server.asked(after, credit))
    this.#isAsked = true
  }

  stepDown(): void {
    const frame = this.#down.shift()
    if (!frame) return
    expect(this.client.received(frame.seq, frame.value, this.#now)).toBeUndefined()
    this.#tell()
  }

  /** The generator gives the value that it was asked for. */
  yield(): void {
    if (!this.#isPulled) return
    this.#isPulled = false
    this.#made += 1
    this.#carryOut(this.server.yielded(this.#made, 1 + (this.#made % 50)))
  }

  take(): void {
    const took = this.client.take(this.#now)
    if (took) this.taken.push(took.value)
    this.#tell()
  }

  elapse(): void {
    this.#now += 20
    this.#tell()
  }

  /** Until nothing moves any more: everything that is made is taken. */
  settle(count: number): void {
    this.connect()
    for (let step = 0; this.taken.length < count; step++) {
      if (step > 10_000) throw new Error(`stands still after ${this.taken.length} values`)
      this.stepUp()
      this.yield()
      this.stepDown()
      this.take()
      if (this.#up.length === 0 && this.#down.length === 0 && !this.#isPulled) this.elapse()
    }
  }

  check(): void {
    const { window, streamValues } = this.#sizes
    expect(this.client.waiting).toBeLessThanOrEqual(window)
    expect(this.server.kept).toBeLessThanOrEqual(streamValues)
    expect(this.#made + (this.#isPulled ? 1 : 0)).toBeLessThanOrEqual(this.#allowed)
    expect(this.#allowed).toBeLessThanOrEqual(this.taken.length + window)
  }

  #tell(): void {
    const due = this.client.due(this.#now)
    if (due && this.#isUp) this.#say(due)
  }

  #say(credit: StreamCredit): void {
    this.#allowed = Math.max(this.#allowed, credit.after + credit.credit)
    this.#up.push(credit)
  }

  #carryOut(orders: readonly StreamOrder<number>[] | Fault): void {
    if (orders instanceof Fault) throw new Error(orders.why)
    for (const order of orders) {
      if (order.type === 'pull') this.#isPulled = true
      else if (this.#isUp) this.#down.push(order)
    }
  }
}

const operation = fc.oneof(
  { weight: 8, arbitrary: fc.constant('stepUp' as const) },
  { weight: 12, arbitrary: fc.constant('stepDown' as const) },
  { weight: 12, arbitrary: fc.constant('yield' as const) },
  { weight: 10, arbitrary: fc.constant('take' as const) },
  { weight: 3, arbitrary: fc.constant('elapse' as const) },
  { weight: 1, arbitrary: fc.constant('cut' as const) },
  { weight: 3, arbitrary: fc.constant('connect' as const) },
)

const sizes = fc.record({
  window: fc.integer({ min: 1, max: 12 }),
  streamValues: fc.integer({ min: 1, max: 12 }),
  streamBytes: fc.integer({ min: 1, max: 200 }),
})

test('each value is taken once and in order, none beyond what was allowed, and nothing stands still', () => {
  let taken = 0
  let cuts = 0
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200, size: 'max' }), sizes, (steps, given) => {
      const pair = new Pair(given)
      pair.connect()
      for (const step of steps) {
        pair[step]()
        pair.check()
        if (step === 'cut') cuts += 1
      }
      pair.settle(pair.taken.length + 30)
      expect(pair.taken).toEqual(pair.taken.map((_, index) => index + 1))
      taken += pair.taken.length
    }),
    { numRuns: 1_000 },
  )
  // The property speaks of something only if the worlds were busy.
  expect(taken).toBeGreaterThan(30_000)
  expect(cuts).toBeGreaterThan(1_000)
})
