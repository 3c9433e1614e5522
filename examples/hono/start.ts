/** `npm start` in this folder. `PORT` chooses the port. */
import { startOnBun } from './bun.js'
import { hub } from './router.js'

const port = Number(process.env.PORT ?? 3000)

function start() {
  try {
    return startOnBun(port)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
    console.error(`Port ${port} is taken. Stop what is there, or take another: PORT=${port + 1} npm start`)
    process.exit(1)
  }
}

const server = start()
console.log(`Parley in Hono, on Bun: ${server.url.href}`)

process.once('SIGINT', async () => {
  await hub.close() // its clients are told to come back
  await server.stop(true)
})
