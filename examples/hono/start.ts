/** `npm start` in this folder: the example on Bun. `PORT` chooses the port. */
import { startOnBun } from './bun.js'
import { hub } from './router.js'

const server = startOnBun(Number(process.env.PORT ?? 3000))
console.log(`Parley in Hono, on Bun: ${server.url.href}`)

process.once('SIGINT', async () => {
  await hub.close() // its clients are told to come back
  await server.stop(true)
})
