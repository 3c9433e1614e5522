import { anyone, type Handlers } from '@parley/server'
import type { hub } from '../hub.js'

type All = Handlers<typeof hub>

const notifications: All['notifications'] = { join: anyone }
const room: All['room'] = {
  join: anyone,
  presence: ({ wanted }) => ({ name: '', ...wanted }),
  messages: { say: () => ({ id: '1' }), typing: ({ input, others }) => others.emit('typing', input) },
}
const rooms: All['rooms'] = { create: ({ input }) => ({ id: input.name }), list: () => [] }
const importRows: All['importRows'] = async function* () {
  yield 1
  return 'done'
}

export const whole: All = { notifications, room, rooms, importRows }
export const missing: All = { notifications, room, rooms }
export const extra: All = { notifications, room, rooms, importRows, stats: { join: anyone } }
export const missingNested: All = { notifications, room, rooms: { create: rooms.create }, importRows }
export const extraNested: All = { notifications, room, rooms: { ...rooms, delete: () => {} }, importRows }
export const missingJoin: All = { notifications: {}, room, rooms, importRows }
export const missingMessage: All['room'] = { ...room, messages: { say: room.messages.say } }
export const extraMessage: All['room'] = { ...room, messages: { ...room.messages, shout: () => {} } }
export const missingPresence: All['room'] = { join: anyone, messages: room.messages }
export const noPresence: All['notifications'] = { join: anyone, presence: () => ({ name: 'x' }) }
export const undecided: All['notifications'] = { join: () => {} }
export const wrongOutput: All['rooms']['create'] = async ({ input }) => ({ id: input.name.length })
export const wrongInput: All['rooms']['create'] = ({ input }) => ({ id: input.nmae })
export const wrongError: All['rooms']['create'] = ({ errors }) => {
  throw errors.NAME_TAKE({ suggestion: 'x' })
}
export const wrongErrorData: All['rooms']['create'] = ({ errors }) => {
  throw errors.NAME_TAKEN({ sugestion: 'x' })
}
export const wrongEmit: All['room']['messages']['typing'] = ({ input, others }) => others.emit('typng', input)
export const wrongTopic: All['rooms']['list'] = ({ topics }) => {
  topics.notification.emit('notification', { title: 'x' })
  return []
}
export const wrongYield: All['importRows'] = async function* () {
  yield 'one'
  return 'done'
}
export const wrongResult: All['importRows'] = async function* () {
  yield 1
  return 1
}
