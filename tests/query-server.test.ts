/** Queries where there is no page: on a server that renders. */
import { createClient } from '@parley/client'
import { queryOptions } from '@parley/client/query'
import { createHub, createRouter } from '@parley/server'
import { call, defineContract, ParleyError } from '@parley/shared'
import { QueryClient } from '@tanstack/query-core'
import { expect, test } from 'vitest'

const contract = defineContract({ list: call({ idempotent: true }) })

test('a server that renders asks once: its page waits for no other try', async () => {
  const hub = createHub(contract, { onReport: () => {} })
  let asked = 0
  const router = createRouter(hub, {
    list: () => {
      asked++
      throw new ParleyError('OVERLOADED', 'later')
    },
  })
  const client = createClient(contract, {
    transport: router.link({ context: undefined }),
    onReport: () => {},
  })
  const queryClient = new QueryClient()
  const options = queryOptions(client.list)
  await queryClient.prefetchQuery(options)
  expect(asked).toBe(1)
  expect(queryClient.getQueryState(options.queryKey)?.error?.code).toBe('OVERLOADED')
  queryClient.clear()
  client.connection.close()
  await hub.close()
})
