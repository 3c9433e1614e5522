import { createClient } from '@parley/client'
import { createRouter } from '@parley/server'
import { call, defineContract } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { z } from 'zod'
import { hubIn, linkTo } from '../virtual-hub.js'
import type { Program } from './promise.js'

const clock = virtualClock()
const createHub = hubIn(clock)
const payments: number[] = []

// #region server
const contract = defineContract({
  pay: call({ input: z.object({ amount: z.number() }), output: z.object({ receipt: z.string() }) }),
})

const hub = createHub(contract)
const router = createRouter(hub, {
  pay: ({ input }) => {
    payments.push(input.amount)
    return { receipt: `r${payments.length}` }
  },
})
// #endregion

const link = linkTo(router, clock)
const client = createClient(contract, { transport: link, clock })

// #region client
export async function pay(amount: number): Promise<string> {
  const { data, error } = await client.pay.safe({ amount })
  if (!error) return `paid: ${data.receipt}`
  const mayHaveRun = error.code === 'OUTCOME_UNKNOWN' || error.code === 'TIMEOUT'
  return mayHaveRun ? 'it may have been paid: look, before you try again' : `not paid: ${error.code}`
}
// #endregion

export const start = (): Program & AsyncDisposable => ({
  clock,
  link,
  pay,
  paid: () => payments.length,
  async [Symbol.asyncDispose]() {
    client.connection.close()
    await hub.close()
  },
})
