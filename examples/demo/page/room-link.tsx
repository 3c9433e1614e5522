import type { AnchorHTMLAttributes, MouseEvent } from 'react'
import { goTo, hrefOf } from './use-room-id.js'

interface Props extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly id: string
}

/** A link to a room. Without the page's script, and in a new tab, it is one as any other. */
export function RoomLink({ id, ...rest }: Props) {
  const open = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    goTo(id)
  }
  return <a {...rest} href={hrefOf(id)} onClick={open} />
}
