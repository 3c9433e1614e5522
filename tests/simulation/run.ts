/**
 * Runs simulated worlds: `npm run simulate -- --seed 7` replays one, `--seeds 1000` runs seeds 1 to 1000, `--minutes 5`
 * runs fresh ones for so long (with `--seed 7`: from that one on). A failure prints its seed, the promise that broke,
 * and the shortest run that still breaks it. `--bug name` plants one of the bugs of bugs.ts first.
 */
import { parseArgs } from 'node:util'
import { bugNamed, plant } from './plant.js'
import type { Counts } from './world.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    steps: { type: 'string' },
    bug: { type: 'string' },
    /** Prints nothing but one line of JSON at the end. */
    brief: { type: 'boolean' },
  },
})

function number(name: 'seed' | 'seeds' | 'minutes' | 'steps'): number | undefined {
  const text = values[name]
  if (text === undefined) return undefined
  const value = Number(text)
  if (text !== '' && value >= 0 && Number.isFinite(value)) return value
  console.error(`--${name} takes a number, not '${text}'`)
  process.exit(2)
}

const minutes = number('minutes')
const first = number('seed') ?? (minutes === undefined ? 1 : Math.floor(Math.random() * 1_000_000_000))
const most =
  number('seeds') ?? (values.seed !== undefined && minutes === undefined ? 1 : Number.POSITIVE_INFINITY)
const until = minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000
if (most === Number.POSITIVE_INFINITY && minutes === undefined) {
  console.error('say which worlds: --seed N, --seeds N or --minutes M')
  process.exit(2)
}

// before anything of the product is loaded
if (values.bug !== undefined) plant(bugNamed(values.bug))
const { runWorld, stepsOf } = await import('./world.js')
const { promises } = await import('./promises.js')
const { shrink } = await import('./shrink.js')

/** More runs than this do not make a trace that much shorter. */
const mostShrinking = 400
const toldEveryMs = 2_000

const steps = stepsOf(number('steps') ?? 80)
const say = values.brief ? () => {} : (line: string) => console.log(line)
const sum = new Map<keyof Counts, number>()
let worlds = 0
let broken: { readonly seed: number; readonly promises: readonly string[] } | undefined
let nextTold = Date.now() + toldEveryMs
for (let seed = first; worlds < most && Date.now() < until && !broken; seed++) {
  const { faults, counts } = await runWorld({ seed, steps })
  worlds++
  for (const [name, count] of Object.entries(counts) as [keyof Counts, number][])
    sum.set(name, (sum.get(name) ?? 0) + count)
  if (faults.length > 0) {
    broken = { seed, promises: [...new Set(faults.map(({ promise }) => promise))] }
    if (!values.brief) await tell(seed, faults)
  } else if (Date.now() > nextTold) {
    nextTold = Date.now() + toldEveryMs
    say(`seed ${seed}: ${line()}`)
  }
}

/** Says what broke, in the shortest run that still breaks it. */
async function tell(seed: number, faults: Awaited<ReturnType<typeof runWorld>>['faults']): Promise<void> {
  say(`seed ${seed} breaks a promise; looking for a shorter run ...`)
  const rerun = async (some: typeof steps) => (await runWorld({ seed, steps: some })).faults
  const short = await shrink(steps, faults, rerun, mostShrinking)
  const { trace, weather, faults: left } = await runWorld({ seed, steps: short, isTraced: true })
  say(trace.join('\n'))
  const acting = short.filter(({ acts }) => acts).map(({ index }) => index)
  say(`\nseed ${seed}, ${JSON.stringify(weather)}`)
  say(`${acting.length} of ${steps.length} steps are enough: ${acting.join(' ')}`)
  for (const { promise, what } of left.slice(0, 20)) say(`  ${what}\n    promised: ${promises[promise]}`)
  say(
    `npm run simulate -- --seed ${seed}${values.bug === undefined ? '' : ` --bug ${values.bug}`} replays it`,
  )
}

function line(): string {
  const counts = [...sum].map(([name, count]) => `${Math.round(count)} ${name}`)
  // of one core's time: what else the machine does is no matter
  const { user, system } = process.cpuUsage()
  const perSecond = ((sum.get('happened') ?? 0) / (user + system)) * 1_000_000
  return `${worlds} worlds, ${counts.join(', ')}; ${Math.round(perSecond)} happened a second of one core`
}

if (values.brief) console.log(JSON.stringify({ worlds, broken }))
else say(`${line()}, ${broken ? 'one broken' : 'none broken'}`)
process.exitCode = broken ? 1 : 0
