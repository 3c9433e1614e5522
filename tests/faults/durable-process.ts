/** A server with a log on the disk that never stops emitting, to be killed: `bun durable-process.ts <file> <port>`. */
import { anyone, createHub, createRouter } from '@parley/server'
import { serve } from '@parley/server/bun'
import { sqliteLog } from '@parley/server/sqlite'
import { durableContract } from './durable-contract.js'

const [path = '', port = '0'] = process.argv.slice(2)
const hub = createHub(durableContract, { log: sqliteLog(path) })
const router = createRouter(hub, { ticks: { join: anyone } })
const { url } = serve(router, { port: Number(port), hostname: '127.0.0.1', path: '/realtime' })
console.log(url)
let n = 0
setInterval(() => {
  for (let i = 0; i < 5; i++) hub.channel.ticks.emit('tick', { by: process.pid, n: ++n })
}, 25)
