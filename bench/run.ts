/**
 * `npm run bench`: what Parley costs above a server that is written by hand for the one purpose. Everything is said as
 * a ratio to that floor, taken in the same minute on the same machine, with a second floor as the control: what it
 * differs from the first is noise. See README.md.
 */
import { cpus, loadavg, totalmem } from 'node:os'
import { checkAnswers } from './check.js'
import { startServer } from './server-process.js'
import { tableOf } from './table.js'
import { type Contestant, type Measured, workloads } from './workloads.js'

const rounds = Number(process.argv[2] ?? 7)
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error('usage: npm run bench -- [rounds]')
  process.exit(1)
}

let clients = 0
/** Of a client of its own: one that comes twice has its first session ended. */
const hello = (): string => {
  const client = String(++clients).padStart(22, '0')
  return JSON.stringify(['hello', { v: 1, contract: '0000000000000000', client }])
}

async function startFloor(name: string): Promise<Contestant> {
  const server = await startServer('floor-server.ts')
  return {
    name,
    server,
    websocketPath: '/',
    greeting: () => [],
    greetingAnswers: 1,
    ackEvery: 0,
    ssePath: '/events',
  }
}

async function startParley(): Promise<Contestant> {
  return {
    name: 'Parley',
    server: await startServer('parley-server.ts'),
    websocketPath: '/realtime',
    greeting: () => [hello(), JSON.stringify(['sub', 1, 'feed', null, null])],
    greetingAnswers: 3, // welcome, joined, live
    ackEvery: 16, // as our client does
    ssePath: '/realtime/events/feed',
  }
}

const contestants = [await startFloor('floor'), await startFloor('floor again'), await startParley()]
for (const contestant of contestants) await checkAnswers(contestant)

const [processor] = cpus()
console.log(`Bun ${Bun.version}, ${cpus().length} x ${processor?.model ?? 'unknown'}, \
${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg()[0]?.toFixed(2)}; ${rounds} rounds, medians.
Server and load generator are two processes on this machine: where they share cores, what is done in a second is the
work of both, and the server's own processor time says more. No ratio is owed yet; the goals are those of the design.
`)

for (const workload of workloads) {
  const taken = new Map<string, Measured[]>(contestants.map(({ name }) => [name, []]))
  for (const contestant of contestants) await workload.measure(contestant) // warms both processes up
  for (let round = 0; round < rounds; round++) {
    // each goes first as often as the others
    for (let n = 0; n < contestants.length; n++) {
      const contestant = contestants[(round + n) % contestants.length] as Contestant
      taken.get(contestant.name)?.push(await workload.measure(contestant))
    }
  }
  console.log(tableOf(workload, taken))
}
for (const { server } of contestants) server.stop()
process.exit(0)
