/** When each of many clients tries to come back to a server that they lose at one moment, in virtual time. */
import { createClient } from '@parley/client'
import { anyone, createRouter } from '@parley/server'
import { createHubWith } from '@parley/server/internal'
import { channel, defineContract } from '@parley/shared'
import { breakableLink, virtualClock } from '@parley/shared/testing'
import { z } from 'zod'

const contract = defineContract({ ticks: channel({ events: { tick: z.number() } }) })

interface SpreadOptions {
  readonly clients: number
  /** How long nobody gets through, in ms. */
  readonly awayMs: number
  readonly seed?: number
}

/** @returns When each attempt began, in ms since the server was lost, in order; the last of them succeeded. */
export async function spreadOf({ clients, awayMs, seed = 1 }: SpreadOptions): Promise<number[]> {
  const clock = virtualClock({ seed })
  const hub = createHubWith(contract, {}, clock)
  const router = createRouter(hub, { ticks: { join: anyone } })
  const attempts: number[] = []
  let lostAt = Number.POSITIVE_INFINITY
  const all = Array.from({ length: clients }, () => {
    const link = breakableLink(router.link({ context: undefined }), clock)
    const { connection } = createClient(contract, { transport: link, clock })
    connection.subscribe(() => {
      if (connection.getSnapshot().status === 'connecting') attempts.push(clock.now() - lostAt)
    })
    connection.open()
    return { link, connection }
  })
  const areOpen = () => all.every(({ connection }) => connection.getSnapshot().status === 'open')
  await clock.runUntil(areOpen)
  await clock.advance(10_000) // each has held for long enough to be missed
  attempts.length = 0
  lostAt = clock.now()
  for (const { link } of all) {
    link.refuse(true)
    link.cut()
  }
  await clock.advance(awayMs)
  for (const { link } of all) link.refuse(false)
  await clock.runUntil(areOpen, 300_000)
  for (const { connection } of all) connection.close()
  await hub.close()
  return attempts
}

/** The most that fall into one window of this length, wherever it begins. */
export function densest(times: readonly number[], windowMs: number): number {
  let most = 0
  let from = 0
  for (const [i, at] of times.entries()) {
    while (at - times[from]! >= windowMs) from += 1
    most = Math.max(most, i - from + 1)
  }
  return most
}
