/** Calls the roll in the halls of a world: who is there, as servers list it and as it is shown to clients. */
import { AttendanceCheck, entriesOf, type Members } from './attendance-check.js'
import type { Stage } from './stage.js'
import type { Visit } from './visit.js'

/** What servers list, and clients are shown, is checked against what is so just now. */
export function checkHalls({ journal, weather, cluster, attendance, people }: Stage): void {
  const judge = new AttendanceCheck(attendance, journal)
  for (const hall of weather.halls) {
    for (const node of cluster.nodes) {
      const check = judge.listed(node.process, hall)
      node
        .members(hall)
        .then(check, (error: unknown) => journal.fault('present', `nobody is listed: ${error}`))
    }
  }
  for (const { life } of people) life.visits.look()
}

/**
 * Once nothing breaks: whoever is in a hall is shown itself, and from that is known where it is connected to; so is
 * known who else is there, and all of them must be shown just that.
 *
 * @returns What is not so (yet).
 */
export function callTheRoll({ weather, people }: Stage): readonly string[] {
  const wrong: string[] = []
  for (const hall of weather.halls) {
    const there: {
      readonly who: string
      readonly at: string | undefined
      readonly v: number
      readonly members: Members
    }[] = []
    for (const { life } of people) {
      const visit = life.visits.to(hall)
      const { members, current } = visit.hall.presence.getSnapshot()
      if (visit.unanswered > 0) wrong.push(`${life.name} waits for what it set in ${hall}`)
      if (!visit.isHere && (current || members.length > 0))
        wrong.push(`${life.name} is shown ${hall}, and is not there`)
      if (!visit.isHere) continue
      if (!current) wrong.push(`${life.name} is shown an old list of ${hall}`)
      const v = shownWith(visit, weather.mood.mayHide)
      const own = entriesOf(members).find(({ who }) => who === life.name)
      if (v === undefined ? own : !own)
        wrong.push(`${life.name} is ${own ? '' : 'not '}shown itself in ${hall}`)
      if (own && v !== undefined) there.push({ who: life.name, at: own.at, v, members })
    }
    for (const { who, at, members } of there) {
      const others = there.filter((one) => one.at === at).map((one) => `${one.who} with ${one.v}`)
      const shown = entriesOf(members).map((one) => `${one.who} with ${one.v}`)
      const [is, should] = [shown.sort().join(', '), others.sort().join(', ')]
      if (is !== should) wrong.push(`${who} is shown in ${hall} of ${at}: ${is}; there are: ${should}`)
    }
  }
  return wrong
}

/** What a client is shown with in the end: what it set last, as far as that was not refused by chance. */
function shownWith({ taken, lastSet, isSure }: Visit, mayHide: boolean): number | undefined {
  return mayHide ? taken : isSure ? lastSet : (taken ?? lastSet)
}
