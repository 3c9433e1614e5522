import { createHub } from '@parley/server'
import { contract } from './contract.js'

export const hub = createHub(contract, { context: () => ({ user: { name: 'ann' } }) })
