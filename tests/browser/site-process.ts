/**
 * The server of the browser tests as a process of its own, so that it can be killed: `PORT`, `FIRST_TICK` and
 * `TICK_MS` from the environment; it prints its address. Ctrl-C, and the end of the test that started it, end it.
 */
import { startSite } from './site.js'

const site = await startSite({
  port: Number(process.env.PORT),
  firstTick: Number(process.env.FIRST_TICK),
})
site.startTicks(Number(process.env.TICK_MS))
console.log(site.url)

process.once('SIGINT', async () => {
  await site.stop()
  process.exit(0)
})
process.stdin.on('end', () => process.exit(0)).resume()
