import { useSyncExternalStore } from 'react'

const never = () => () => {}
const local = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

/** The time of day: where the visitor is, once the page's script runs. The server cannot know, and says UTC. */
export function Clock({ at }: { readonly at: Date }) {
  const iso = at.toISOString()
  const text = useSyncExternalStore(
    never,
    () => local.format(at),
    () => `${iso.slice(11, 16)} UTC`,
  )
  return <time dateTime={iso}>{text}</time>
}
