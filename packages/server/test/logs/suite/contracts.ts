import { expect } from 'vitest'
import type { DeclareTest } from './harness.js'

export function contractTests(test: DeclareTest): void {
  test('keeps each contract once, as it was saved last', ['contracts'], async ({ contracts }) => {
    expect(await contracts.load()).toEqual([])
    await contracts.save('a', '{"v":1}')
    await contracts.save('b', '{"v":2}')
    await contracts.save('a', '{"v":3}')
    expect([...(await contracts.load())].sort()).toEqual(['{"v":2}', '{"v":3}'])
  })

  test('keeps the newest 16 at least, and not all of many', ['contracts'], async ({ contracts }) => {
    for (let n = 0; n < 500; n++) await contracts.save(`${n}`, `${n}`)
    const kept = await contracts.load()
    for (let n = 484; n < 500; n++) expect(kept).toContain(`${n}`)
    expect(kept.length).toBeLessThan(500)
  })

  test('has them after a restart', ['contracts', 'reopen'], async ({ contracts, reopen }) => {
    await contracts.save('a', '{"v":1}')
    const again = await reopen()
    expect(await again.contracts?.load()).toEqual(['{"v":1}'])
  })

  test('tells none of them after it was closed', ['contracts'], async ({ log, contracts }) => {
    await log.close()
    await expect(contracts.load()).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(contracts.save('a', 'b')).rejects.toMatchObject({ code: 'CLOSED' })
  })
}
