/** One who is told what changes in a hall: what it was told must add up to what is shown. */
import type { PresenceChange } from '@parley/client'
import { entriesOf, type Members, type Shown } from './attendance-check.js'

export class Ear {
  readonly #fault: (what: string) => void
  /** What was told so far adds up to it, member by member; unknown before there was a list. */
  #heard: Map<string, string> | undefined

  /** The next list is a first one: it is not told as a change. */
  #isFirst: boolean

  /** @param shown what is shown as it comes; nothing where the next list is a first one. */
  constructor(shown: Members | undefined, fault: (what: string) => void) {
    this.#fault = fault
    this.#isFirst = shown === undefined
    if (shown && shown.length > 0) this.#heard = seen(shown)
  }

  /** A list that is current is shown. */
  sees(members: Members): void {
    if (this.#isFirst) this.#heard = seen(members)
    this.#isFirst = false
  }

  /** Nobody is shown any more. */
  forget(): void {
    this.#heard = undefined
    this.#isFirst = true
  }

  hears({ joined, updated, left }: PresenceChange<Shown>, shown: Members): void {
    const heard = this.#heard ?? seen([...updated, ...left])
    if (!this.#heard)
      for (const one of shown) if (!joined.includes(one)) heard.set(one.member, wordsOf([one]))
    for (const { member } of joined)
      if (heard.has(member)) this.#fault(`is told that ${member} joined, who is there`)
    for (const { member } of updated)
      if (!heard.has(member)) this.#fault(`is told that ${member} changed, who is not there`)
    for (const { member } of left)
      if (!heard.delete(member)) this.#fault(`is told that ${member} left, who is not there`)
    for (const one of [...joined, ...updated]) heard.set(one.member, wordsOf([one]))
    this.#heard = heard
    this.compare(shown)
  }

  compare(members: Members): void {
    if (!this.#heard) return
    const shown = seen(members)
    for (const member of new Set([...this.#heard.keys(), ...shown.keys()])) {
      const [told, is] = [this.#heard.get(member), shown.get(member)]
      if (told !== is) this.#fault(`is shown '${is}', and was told '${told}'`)
    }
  }
}

function seen(members: Members): Map<string, string> {
  return new Map(members.map((one) => [one.member, wordsOf([one])]))
}

/** Members in a line. */
export function wordsOf(members: Members): string {
  const words = entriesOf(members).map(
    ({ member, who, at, v, entry }) => `${member}: ${who} at ${at} with ${v} as ${entry.slice(0, 4)}`,
  )
  return words.length === 0 ? 'nobody' : words.join(', ')
}
