/** What applications do in halls, and what goes wrong there, in a step of a world that has some. */
import type { Chance } from './chance.js'
import type { Person } from './person.js'
import { checkHalls } from './roll-call.js'
import type { Actions, Stage } from './stage.js'
import type { VisitKind, Wanted } from './visit.js'

export const hallDeeds: Actions = [
  [
    14,
    ({ weather }, { life }, _id, chance) => {
      const kind = chance.pick<VisitKind>('watches', 'watches', 'listens', 'reads')
      if (!life.isClosed) life.visits.to(chance.pick(...weather.halls)).come(kind)
    },
  ],
  [
    8,
    ({ weather }, { life }, _id, chance) => {
      const visit = life.visits.to(chance.pick(...weather.halls))
      if (chance.likely(0.5)) visit.leave()
      else visit.stop(chance.below(4))
    },
  ],
  [14, (stage, person, _id, chance) => set(stage, person, chance)],
  [
    4,
    (stage, person, _id, chance) => {
      for (let i = chance.pick(2, 3, 8); i > 0; i--) set(stage, person, chance)
    },
  ],
  [6, (stage, _person, _id, chance) => rush(stage, chance)],
]

export const hallTroubles: Actions = [
  [
    5,
    (stage, { line, name }, _id, chance) => {
      const { journal, clock } = stage
      const seconds = chance.pick(5, 14, 16, 40, 130)
      journal.note(() => `net: ${name} is cut for ${seconds} s`)
      line.refuse(seconds * 1_000)
      line.cut()
      for (let spent = 0; spent < seconds; spent++) {
        clock.advance(1_000)
        checkHalls(stage)
      }
    },
  ],
  [
    10,
    ({ journal, weather, cluster }, { life: { member } }, _id, chance) => {
      if (!weather.ousts) return
      const hall = chance.pick(...weather.halls)
      journal.note(() => `${member} is kicked out of hall ${hall}`)
      for (const node of cluster.nodes) node.kick(hall, member)
    },
  ],
  [
    5,
    ({ journal, weather, cluster }, { life: { member } }, _id, chance) => {
      if (!weather.ousts) return
      const node = cluster.route(chance)
      journal.note(() => `${member} is disconnected from ${node?.process.name}`)
      node?.disconnect(member)
    },
  ],
  [
    10,
    ({ journal, weather }, { life, line }, _id, chance) => {
      if (!weather.fickle) return
      life.member = life.member.endsWith("'") ? life.member.slice(0, -1) : `${life.member}'`
      journal.note(() => `${life.name} is of ${life.member} from now on`)
      if (chance.likely(0.3)) return
      if (chance.likely(0.5)) line.halfOpen()
      life.client.connection.reconnect()
    },
  ],
]

/** Everybody comes to one hall and does something there, all within a second: so lists and changes go out together. */
function rush(stage: Stage, chance: Chance): void {
  const { journal, weather, people } = stage
  const hall = chance.pick(...weather.halls)
  journal.note(() => `a rush to hall ${hall}`)
  for (const { life, process } of people) {
    const visit = life.visits.to(hall)
    const soon = (act: () => void): void => {
      process.after(chance.below(1_000), () => {
        if (!life.isClosed && !weather.mood.isCalm) act()
      })
    }
    if (visit.isHere && chance.likely(0.5)) visit.leave()
    if (!visit.isHere) soon(() => visit.come('watches'))
    for (let i = chance.below(4); i > 0; i--) {
      const { wanted, isGood } = newWanted(stage, chance)
      soon(() => visit.set(wanted, isGood))
    }
  }
}

function set(stage: Stage, { life }: Person, chance: Chance): void {
  const visit = life.visits.to(chance.pick(...stage.weather.halls))
  const { wanted, isGood } = newWanted(stage, chance)
  if (!life.isClosed) visit.set(wanted, isGood)
}

/** Characters that make a state a page of its own, where a page is small; and more than a state may have. */
const [largePad, hugePad] = [200, 5_000]

/** What a client wants to be shown as: taken; refused by the handler; not fitting its schema; too large. */
function newWanted(
  { attendance }: Stage,
  chance: Chance,
): { readonly wanted: Wanted; readonly isGood: boolean } {
  const v = attendance.nextSet()
  switch (chance.pick('small', 'small', 'small', 'large', 'large', 'refused', 'wrong', 'huge')) {
    case 'small':
      return { wanted: { v }, isGood: true }
    case 'large':
      return { wanted: { v, pad: 'x'.repeat(largePad) }, isGood: true }
    case 'refused':
      return { wanted: { v: -v }, isGood: false }
    case 'wrong':
      return { wanted: { v: `${v}` as unknown as number }, isGood: false }
    default:
      return { wanted: { v, pad: 'x'.repeat(hugePad) }, isGood: false }
  }
}
