/** A server that is a process of Node's, to be killed: prints its address. `node live-process.cjs <port>` */
import { serve } from '@parley/server/node'
import { liveRouter } from './live-router.js'

const [port = '0'] = process.argv.slice(2)
void serve(liveRouter(), { port: Number(port), hostname: '127.0.0.1' }).then(({ url }) => console.log(url))
