import { expect } from 'vitest'
import type { DeclareTest } from './harness.js'

export function contractTests(test: DeclareTest): void {
  test('are found as they were saved last', ['contracts'], async ({ contracts }) => {
    expect(await contracts.find('a')).toBeUndefined()
    await contracts.save('a', '{"v":1}')
    await contracts.save('b', '{"v":2}')
    await contracts.save('a', '{"v":3}')
    expect([await contracts.find('a'), await contracts.find('b')]).toEqual(['{"v":3}', '{"v":2}'])
  })

  test('are bounded, and the newest 16 at least are there', ['contracts'], async ({ contracts }) => {
    await contracts.save('first', 'first')
    for (let n = 0; n < 500; n++) {
      await contracts.save(`${n}`, `${n}`)
      if (n === 10) await contracts.save('again', 'again')
      if (n === 490) await contracts.save('again', 'again')
    }
    for (const name of ['again', '490', '499']) expect(await contracts.find(name)).toBe(name)
    expect(await contracts.find('first')).toBeUndefined()
  })

  test('are there after a restart', ['contracts', 'reopen'], async ({ contracts, reopen }) => {
    await contracts.save('a', '{"v":1}')
    const again = await reopen()
    expect(await again.contracts?.find('a')).toBe('{"v":1}')
  })

  test('are not told after the log was closed', ['contracts'], async ({ log, contracts }) => {
    await log.close()
    await expect(contracts.find('a')).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(contracts.save('a', 'b')).rejects.toMatchObject({ code: 'CLOSED' })
  })
}
