/**
 * Runs simulated worlds: `npm run simulate -- --seed 7` replays one, `--seeds 1000` runs seeds 1 to 1000, `--minutes 5`
 * runs fresh ones for so long. A failure prints its seed and everything that happened in that world.
 */
import { parseArgs } from 'node:util'
import { type Outcome, runWorld } from './world.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    steps: { type: 'string' },
  },
})

function number(name: keyof typeof values): number | undefined {
  const text = values[name]
  if (text === undefined) return undefined
  const value = Number(text)
  if (text !== '' && value >= 0 && Number.isFinite(value)) return value
  console.error(`--${name} takes a number, not '${text}'`)
  process.exit(2)
}

const minutes = number('minutes')
const steps = number('steps')
const first = number('seed') ?? (minutes === undefined ? 1 : Math.floor(Math.random() * 1_000_000_000))
const most =
  number('seeds') ?? (values.seed !== undefined && minutes === undefined ? 1 : Number.POSITIVE_INFINITY)
const until = minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000
if (most === Number.POSITIVE_INFINITY && minutes === undefined) {
  console.error('say which worlds: --seed N, --seeds N or --minutes M')
  process.exit(2)
}

const sum = { events: 0, delivered: 0, gaps: 0, asked: 0, unknown: 0, connections: 0 }
const told = 2_000
let worlds = 0
let failed: Outcome | undefined
let nextTold = Date.now() + told
for (let seed = first; worlds < most && Date.now() < until && !failed; seed++) {
  const outcome = await runWorld({ seed, ...(steps === undefined ? {} : { steps }) })
  worlds++
  for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += outcome[name]
  if (outcome.faults.length > 0) {
    failed = await runWorld({ seed, isTraced: true, ...(steps === undefined ? {} : { steps }) })
    console.log(failed.trace.join('\n'))
    console.log(`\nseed ${seed}, ${JSON.stringify(failed.weather)}`)
    for (const fault of outcome.faults.slice(0, 20)) console.log(`  ${fault}`)
  } else if (Date.now() > nextTold) {
    nextTold = Date.now() + told
    console.log(`seed ${seed}: ${line()}`)
  }
}

function line(): string {
  const counts = Object.entries(sum).map(([name, count]) => `${count} ${name}`)
  return `${worlds} worlds, ${counts.join(', ')}`
}

console.log(`${line()}, ${failed ? 'one broken' : 'none broken'}`)
process.exitCode = failed ? 1 : 0
