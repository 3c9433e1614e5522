/** What applications do in a step of a world. */
import type { AskKind, Plan } from './ask.js'
import type { AskManner } from './asking.js'
import type { Chance } from './chance.js'
import type { Person } from './person.js'
import type { Start } from './reader-check.js'
import type { Actions, Stage } from './stage.js'

/** A client has no more readers at once. */
const mostReaders = 5

export const deeds: Actions = [
  [30, (stage, _person, id, chance) => emit(stage, id, 1, chance)],
  [5, (stage, _person, id, chance) => emit(stage, id, chance.pick(5, 20, 60), chance)],
  [
    25,
    ({ weather }, { life }, id, chance) => {
      const any = chance.pick<AskKind>('say', 'say', 'say', 'react', 'pay', 'look', 'buy', 'count')
      // what a member bought is remembered for that member alone
      const kind = any === 'buy' && weather.fickle ? 'pay' : any
      life.asking.ask(kind, id, planOf(kind, chance), mannerOf(chance))
    },
  ],
  [
    5,
    (_stage, { life }, id, chance) => {
      const manner = { ...mannerOf(chance), withinMs: undefined }
      for (let i = chance.pick(3, 6, 12); i > 0; i--)
        life.asking.ask('say', id, planOf('say', chance), manner)
    },
  ],
  [
    15,
    (stage, person, id, chance) => {
      if (person.life.here.length >= mostReaders) return
      const by = chance.likely(stage.weather.sse) ? 'subscriber' : 'socket'
      const kind = chance.pick('on', 'read', 'events')
      person.life.read(id, by, kind, startOf(stage, person, id, chance), {
        throws: chance.likely(0.1),
        stopAfter: chance.likely(0.1) ? 1 + chance.below(5) : Number.POSITIVE_INFINITY,
        dawdleMs: chance.likely(0.2) ? chance.below(50) : 0,
      })
    },
  ],
  [
    10,
    (_stage, { life: { here } }, _id, chance) => {
      here[chance.below(Math.max(1, here.length))]?.stop()
    },
  ],
  [5, (_stage, { life }, _id, chance) => life.asking.giveUp(chance.below(10))],
  [5, (_stage, { life }, id) => life.hint(id)],
  [3, (_stage, { life }) => life.mend()],
]

function emit(stage: Stage, id: string, times: number, chance: Chance): void {
  const node = stage.cluster.route(chance)
  if (!node) return
  for (let i = times; i > 0; i--) stage.emit(node, id, chance.pick('said', 'said', 'noted', 'hint'))
}

function planOf(kind: AskKind, chance: Chance): Plan {
  const acts: Plan['acts'][number][] = []
  for (let i = chance.below(4); i > 0; i--) {
    if (chance.likely(0.4)) acts.push({ type: 'wait', ms: chance.pick(1, 30, 400, 400, 3_000, 12_000) })
    else {
      const name = chance.pick('said', 'noted')
      acts.push({ type: 'emit', name, toOthers: chance.likely(0.5), isAwaited: chance.likely(0.5) })
    }
  }
  const failure = kind === 'react' || kind === 'look' ? 'throws' : 'declares'
  return {
    acts,
    values: kind === 'count' ? chance.pick(0, 3, 40, 200) : 0,
    everyMs: chance.pick(0, 1, 100, 2_000),
    end: chance.likely(0.8) ? 'returns' : chance.pick(failure, 'throws'),
  }
}

function mannerOf(chance: Chance): AskManner {
  return {
    withinMs: chance.likely(0.2) ? chance.pick(50, 700, 4_000) : undefined,
    by: chance.likely(0.3) ? 'http' : 'socket',
    dawdleMs: chance.pick(0, 0, 30, 500),
    stopAfter: chance.likely(0.15) ? 1 + chance.below(20) : Number.POSITIVE_INFINITY,
  }
}

function startOf({ keyOf, record }: Stage, person: Person, id: string, chance: Chance): Start {
  const { entries } = record.topic(keyOf(id))
  const some = entries[chance.below(Math.max(1, entries.length))]
  const at = (position: string | undefined): Start => (position === undefined ? 'first' : { position })
  return chance.pick<Start>(
    'now',
    'now',
    'first',
    { last: chance.below(8) },
    at(person.position(id, chance)),
    at(some && record.positionOf(some)),
    at(entries.length > 0 ? record.positionOf(entries.at(-1)!) : undefined),
  )
}
