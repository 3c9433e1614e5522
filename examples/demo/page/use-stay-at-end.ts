import { type RefObject, useLayoutEffect, useRef } from 'react'

/** Nearer than this to the end, in pixels, one is at the end. */
const nearPx = 4

/**
 * Keeps a box that scrolls at its end as things are added there, unless somebody scrolled away from it.
 *
 * Drawn on the server, the style sheet does this with a reversed column. It is turned round here, since a
 * browser may stop the scrolling by a key in a reversed box as soon as anything on the page is laid out again.
 */
export function useStayAtEnd(): RefObject<HTMLDivElement | null> {
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const node = box.current!
    // where it is scrolled to at its end, as of its last known size: a scroll may be told of after it grew
    let end = 0
    const measure = () => {
      end = node.scrollHeight - node.clientHeight
    }
    measure()
    // a reversed box counts from its end, downwards from 0
    let isAtEnd = -node.scrollTop < nearPx
    const begins = end + node.scrollTop
    node.style.flexDirection = 'column'
    node.scrollTop = begins

    const onScroll = () => {
      isAtEnd = end - node.scrollTop < nearPx
    }
    const sizes = new ResizeObserver(() => {
      measure()
      if (isAtEnd) node.scrollTop = end
    })
    node.addEventListener('scroll', onScroll, { passive: true })
    for (const sized of [node, ...node.children]) sizes.observe(sized)
    return () => {
      node.removeEventListener('scroll', onScroll)
      sizes.disconnect()
      measure()
      const below = end - node.scrollTop
      node.style.flexDirection = ''
      node.scrollTop = -below
    }
  }, [])
  return box
}
