/** `npm start` in this folder. `PORT` chooses the port. */
import { listen } from './app.js'
import { hub } from './router.js'

const server = listen(Number(process.env.PORT ?? 3000))
console.log(`Parley in Elysia: ${server.url.href}`)

process.once('SIGINT', async () => {
  await hub.close() // its clients are told to come back
  await server.stop(true)
})
