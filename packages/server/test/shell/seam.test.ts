import { expect, test } from 'vitest'
import { type Outcome, runWorld, type WorldOptions } from './seam-world.js'

async function runSeeds(seeds: number, options: Omit<WorldOptions, 'seed'>): Promise<Outcome> {
  const sum = { events: 0, delivered: 0, gaps: 0, faults: [] as string[] }
  for (let seed = 1; seed <= seeds; seed++) {
    const { events, delivered, gaps, faults } = await runWorld({ ...options, seed })
    sum.events += events
    sum.delivered += delivered
    sum.gaps += gaps
    sum.faults.push(...faults.map((fault) => `seed ${seed}: ${fault}`))
    if (sum.faults.length > 5) break
  }
  return sum
}

test('5,000 interleavings of emit, subscribe, read, leave, stall and cut meet without a hole or a repeat', {
  timeout: 120_000,
}, async () => {
  const { faults, gaps, ...counts } = await runSeeds(5_000, { keep: 1_000, steps: 40 })
  expect(faults).toEqual([])
  expect(gaps).toBe(0)
  expect(counts.events).toBeGreaterThan(50_000)
  expect(counts.delivered).toBeGreaterThan(50_000)
})

test('5,000 more over a window of four events: what is not delivered stands in a gap, in its place', {
  timeout: 120_000,
}, async () => {
  const { faults, gaps } = await runSeeds(5_000, { keep: 4, steps: 40 })
  expect(faults).toEqual([])
  expect(gaps).toBeGreaterThan(1_000)
})

test('with what is read from the log thrown away, the checker counts holes', async () => {
  const { faults } = await runSeeds(20, { keep: 1_000, steps: 40, withoutReplay: true })
  expect(faults.filter((fault) => fault.includes('is missing')).length).toBeGreaterThan(5)
})
