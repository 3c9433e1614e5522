import { hub } from '../hub.js'

hub.channel.notifications.emit('notificatoin', { title: 'x' })
hub.channel.notifications.emit('notification', { title: 1 })
hub.channel.notifications.emit('notification', { titel: 'x' })
hub.channel.notifications.emit('chat', { id: '1', text: 'x', sentBy: 'ann', at: '2026-01-01' })
hub.channel.notification.emit('notification', { title: 'x' })
hub.channel.room.emit('message', { id: '1', text: 'x', sentBy: 'ann', at: new Date() })
hub.channel.room({ room: 'general' })
hub.channel.notifications.members()
hub.channel.rooms.create({ name: 'x' })
