/** Who is in a room, as it is shown. */
import type { PresenceChange, PresentMember } from '@parley/client'

interface State {
  readonly name: string
  readonly away: boolean
}

/** One person, however many tabs show the room. */
export interface Person {
  readonly member: string
  readonly name: string
  /** No tab is looked at. */
  readonly away: boolean
  readonly tabs: number
  readonly isTyping: boolean
}

/** @param typing Names of those who type. One who left does not. */
export function peopleOf(
  members: readonly PresentMember<State>[],
  typing: readonly string[],
): readonly Person[] {
  return members.map(({ member, entries }) => {
    const name = entries[0]?.state.name ?? member
    return {
      member,
      name,
      away: entries.every(({ state }) => state.away),
      tabs: entries.length,
      isTyping: typing.includes(name),
    }
  })
}

/**
 * Who came and who went, in a sentence; empty where only something of somebody changed.
 *
 * @param own The visitor's own names, of whom nothing is told.
 */
export function newsOf({ joined, left }: PresenceChange<State>, own: readonly string[]): string {
  const said = (members: readonly PresentMember<State>[], verb: string): string[] => {
    const names = peopleOf(members, [])
      .map(({ name }) => name)
      .filter((name) => !own.includes(name))
    return names.length === 0 ? [] : [`${names.join(', ')} ${verb}`]
  }
  return [...said(joined, 'joined'), ...said(left, 'left')].join('; ')
}
