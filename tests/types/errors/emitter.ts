import { createEmitter } from '@parley/server'
import { contract } from '../contract.js'

createEmitter(contract, 'notification')
createEmitter(contract, 'rooms.create')
createEmitter(contract, 'notifications').emit('notificatoin', { title: 'x' })
createEmitter(contract, 'notifications').emit('notification', { title: 1 })
createEmitter(contract, 'room').emit('message', { id: '1', text: 'x', sentBy: 'ann', at: new Date() })
createEmitter(contract, 'room')({ room: 'general' })
createEmitter(contract, 'notifications', { allowedOrigin: [] })
