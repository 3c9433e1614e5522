import { createClient } from '@parley/client'
import { contract } from '../contract.js'

const client = createClient(contract, { url: '/realtime' })

client.notification.on('notification', () => {})
client.notifications.on('notificatoin', () => {})
client.notifications.on('notification', ({ titel }) => titel)
client.room.on('message', () => {})
client.room({ room: 'general' })
client.room({ id: 'a' }).send('syy', { text: 'x' })
client.room({ id: 'a' }).send('say', { txt: 'x' })
client.room({ id: 'a' }).send('say')
client.rooms.create({ nmae: 'x' })
client.rooms.crate({ name: 'x' })
client.rooms.create({ name: 'x' }).then(({ name }) => name)
client.rooms.create.safe({ name: 'x' }).then(({ error }) => {
  if (error?.code === 'NAME_TAKE') return
  if (error?.code === 'NAME_TAKEN') return error.data.sugestion
  return error?.data.suggestion
})
client.importRows([1])
client.importRows(['a'], { withinMs: 1_000 })
client.importRows(['a']).results
client.importRows(['a']).then(() => {})
