import { expect, test } from 'vitest'
import { type Counts, type Outcome, runWorld } from './world.js'

/** Runs worlds until one breaks a promise, and gives its faults by seed. */
async function firstBroken(from: number, isEnough: (worlds: number) => boolean) {
  const sum: Partial<Record<keyof Counts, number>> = {}
  let worlds = 0
  for (let seed = from; !isEnough(worlds); seed++) {
    const { counts, faults }: Outcome = await runWorld({ seed })
    worlds++
    for (const [name, count] of Object.entries(counts) as [keyof Counts, number][])
      sum[name] = (sum[name] ?? 0) + count
    if (faults.length > 0) return { worlds, sum, broken: { seed, faults } }
  }
  return { worlds, sum, broken: undefined }
}

test('300 worlds of clients and servers that break in every way keep every promise', {
  timeout: 300_000,
}, async () => {
  const { broken, sum } = await firstBroken(1, (worlds) => worlds >= 300)
  expect(broken).toBeUndefined()
  expect(sum.happened).toBeGreaterThan(200_000)
  expect(sum.stored).toBeGreaterThan(20_000)
  expect(sum.delivered).toBeGreaterThan(30_000)
  expect(sum.gaps).toBeGreaterThan(200)
  expect(sum.asked).toBeGreaterThan(10_000)
  expect(sum.unknown).toBeGreaterThan(500)
  expect(sum.came).toBeGreaterThan(500)
  expect(sum.lives).toBeGreaterThan(750)
  expect(sum.servers).toBeGreaterThan(500)
})

test('so do worlds that nobody has seen before', { timeout: 240_000 }, async () => {
  const seed = Math.floor(Math.random() * 1_000_000_000)
  const until = Date.now() + 3_000
  const { broken, worlds } = await firstBroken(seed, (count) => count > 0 && Date.now() > until)
  console.log(
    `${worlds} fresh worlds from seed ${seed}; npm run simulate -- --seed ${broken?.seed ?? seed} replays ` +
      `${broken ? 'the one that broke' : 'the first'}`,
  )
  expect(broken).toBeUndefined()
})

test('one seed is one world, to the last line of its trace', async () => {
  for (const seed of [3, 11, 12]) {
    const [first, second] = [
      await runWorld({ seed, isTraced: true }),
      await runWorld({ seed, isTraced: true }),
    ]
    expect(first.trace.length).toBeGreaterThan(100)
    expect(second.trace).toEqual(first.trace)
  }
})
