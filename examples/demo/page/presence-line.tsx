import { hueOf, initialsOf } from './looks.js'
import type { RoomHandle } from './message.js'
import { useName } from './name.js'
import { type Person, peopleOf } from './present.js'
import { usePresent } from './use-present.js'

/** So many may stand beside each other; who is further on has to be scrolled to. */
const fewest = 3

function about({ tabs, away, isTyping }: Person, isSelf: boolean): string {
  return [
    ...(isSelf ? ['you'] : []),
    ...(tabs > 1 ? [`${tabs} tabs`] : []),
    ...(isTyping ? ['typing'] : away ? ['away'] : []),
  ].join(', ')
}

interface Props {
  readonly room: RoomHandle
  /** Names of those who type. */
  readonly typing: readonly string[]
}

/** Who is here now. It is one line high whatever happens, so that nothing below it moves. */
export function PresenceLine({ room, typing }: Props) {
  const self = useName()
  const { members, isOld, news } = usePresent(room, self)
  const told = isOld && members.length > 0 ? 'as of the cut' : news
  return (
    <div className={`present ${isOld ? 'present-old' : ''}`}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <ul className="people" aria-label="Who is here" tabIndex={0}>
        {peopleOf(members, typing).map((person) => {
          const note = about(person, person.name === self)
          return (
            <li
              key={person.member}
              className={`person ${person.away ? 'person-away' : ''} ${hueOf(person.name)}`}
            >
              <span className="avatar" aria-hidden="true">
                {initialsOf(person.name)}
              </span>
              <span className="person-name">{person.name}</span>
              {note !== '' && <span className="person-note">{note}</span>}
            </li>
          )
        })}
      </ul>
      {members.length >= fewest && <span className="present-count">{members.length} here</span>}
      <span className="present-news" aria-live="polite" title={told || undefined}>
        {told}
      </span>
    </div>
  )
}
