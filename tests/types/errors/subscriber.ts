import { createSubscriber } from '@parley/client'
import { contract } from '../contract.js'

createSubscriber(contract, 'notification', { url: '/events' })
createSubscriber(contract, 'rooms.create', { url: '/events' })
createSubscriber(contract, 'notifications', {})
createSubscriber(contract, 'notifications', { url: '/events' }).on('notificatoin', () => {})
createSubscriber(contract, 'notifications', { url: '/events' }).on('notification', ({ titel }) => titel)
createSubscriber(contract, 'room', { url: '/events', params: { room: 'general' } })
