/** Every handler that the contract asks for: one that is missing, or answers with another shape, does not compile. */
import { anyone, createRouter, type Handlers } from '@parley/server'
import { hub } from './hub.js'
import { importRows } from './import-rows.js'
import { Rooms } from './rooms.js'
import { sums } from './sums.js'

export const rooms = new Rooms(['General', 'Release', 'Lunch'], 'Parley')

/** A handler may have a place of its own. */
const room: Handlers<typeof hub>['room'] = {
  join: ({ params }) => rooms.has(params.id),
  presence: ({ context, wanted }) => ({ ...wanted, name: context.name }),
  messages: {
    say: async ({ input, params, context, emit, topics }) => {
      const id = crypto.randomUUID()
      const said = { id, from: context.name, text: input.text, at: new Date() }
      // the sender is answered once both are in the log
      await emit('message', { ...said, kind: input.kind, ref: input.ref })
      const note = { ...said, room: params.id }
      if (input.kind === 'announcement') {
        await topics.notifications.emit('notification', { ...note, about: 'announcement' })
      } else {
        await topics.notifications.emit('chat', note)
      }
      sums.said++
      return { id }
    },
    typing: ({ input, context, others }) => others.emit('typing', { name: context.name, ...input }),
  },
}

export const router = createRouter(hub, {
  notifications: { join: anyone },
  stats: { join: anyone },
  ticks: { join: anyone },
  room,
  rooms: {
    create: async ({ input, context, errors, topics }) => {
      const opened = rooms.open(input.name, context.name)
      if ('suggestion' in opened) throw errors.NAME_TAKEN(opened, `There is a room like '${input.name}'`)
      const { id, name, by, at } = opened.room
      await topics.rooms.all.emit('changed', rooms.list())
      await topics.notifications.emit('notification', {
        ...{ id: crypto.randomUUID(), about: 'room', from: by, room: id, at },
        text: name,
      })
      return opened.room
    },
    list: () => rooms.list(),
    all: { join: anyone },
  },
  importRows,
})
