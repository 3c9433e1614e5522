import { anyone, createHub, createRouter, type Handlers } from '@parley/server'
import { contract } from '../contract.js'
import { hub } from '../hub.js'

declare const all: Handlers<typeof hub>
const { notifications, room, rooms, importRows } = all

createRouter(hub, all)
createRouter(hub, { notifications, room, rooms })
createRouter(hub, { notifications, room, rooms, importRows, stats: { join: anyone } })
createRouter(hub, {
  notifications: { join: ({ context }) => context.usr.name === 'ann' },
  room: {
    join: anyone,
    presence: ({ wanted }) => ({ name: '', ...wanted }),
    messages: { say: () => ({ id: 1 }), typing: () => {} },
  },
  rooms: { create: ({ input }) => ({ id: input.nmae }), list: () => ['a', 2] },
  importRows,
})
createHub(contract, { identify: ({ user }) => user.id })
createHub(contract, { context: () => ({ user: 'ann' }), identify: ({ usr }) => usr })
