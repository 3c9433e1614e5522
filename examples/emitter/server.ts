import { createEmitter } from '@parley/server'
import { contract } from './contract.js'

const weather = createEmitter(contract, 'weather')

// 'source': straight from the sources of this repository; an application of its own does not need it
const entrypoints = [`${import.meta.dir}/page.ts`]
const { outputs } = await Bun.build({ entrypoints, target: 'browser', conditions: ['source'] })

const server = Bun.serve({
  port: Number(process.env.PORT ?? 3000),
  routes: {
    '/': new Response(Bun.file(`${import.meta.dir}/index.html`)),
    '/page.js': new Response(outputs[0], { headers: { 'content-type': 'text/javascript' } }),
    '/api/weather': (request) => weather.respond(request),
  },
})

let celsius = 18
const timer = setInterval(() => {
  celsius = Math.round((celsius + Math.random() - 0.5) * 10) / 10
  // another name, or a station that is no string, does not compile
  weather.emit('reading', { station: 'Harbour', celsius, at: new Date() })
}, 1_000)

console.log(
  `A page with the weather: ${server.url.href}\nThe same with curl -N: ${server.url.href}api/weather`,
)

process.once('SIGINT', async () => {
  clearInterval(timer)
  weather.close() // its readers are told to come back
  await server.stop(true)
})
