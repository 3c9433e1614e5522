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
    let isAtEnd = false
    const hold = (atEnd: boolean) => {
      isAtEnd = atEnd
      // a browser that keeps what one reads in its place would scroll away from the end, as the oldest rows go
      node.style.overflowAnchor = atEnd ? 'none' : ''
    }
    // a reversed box counts from its end, downwards from 0
    hold(-node.scrollTop < nearPx)
    const begins = end + node.scrollTop
    node.style.flexDirection = 'column'
    node.scrollTop = begins

    const onScroll = () => {
      // it may have become shorter as well, and be scrolled to its end by that
      const nearest = Math.min(end, node.scrollHeight - node.clientHeight)
      hold(nearest - node.scrollTop < nearPx)
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
      node.style.overflowAnchor = ''
      node.scrollTop = -below
    }
  }, [])
  return box
}
