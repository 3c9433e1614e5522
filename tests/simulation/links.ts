/** Links that watch, repeat or tamper with what goes over another one. */
import type { FrameData, Link } from '@parley/shared/testing'

/** Sees each frame on its way, and passes on what it likes, now or later. */
export type Pass = (data: FrameData, pass: (data: FrameData) => void) => void

/** What stands between a client and its link. One `Between` is made for each connection. */
export interface Between {
  /** Frames from the client. */
  readonly up?: Pass
  /** Frames from the server. */
  readonly down?: Pass
}

/** A link with something in between. */
export function linkThrough(link: Link, between: () => Between): Link {
  return {
    connect(events) {
      const { up, down } = between()
      const end = link.connect({
        opened: () => events.opened(),
        received: (data) => (down ? down(data, (one) => events.received(one)) : events.received(data)),
        closed: (code, reason) => events.closed(code, reason),
        better: () => events.better?.(),
      })
      return {
        send: (data) => (up ? up(data, (one) => end.send(one)) : end.send(data)),
        close: (code, reason) => end.close(code, reason),
        buffered: () => end.buffered(),
      }
    },
  }
}

/** The elements of a text frame. All frames of these worlds are text. */
export function elements(data: FrameData): readonly unknown[] {
  return JSON.parse(String(data))
}

/** Sends an event twice now and then, as around a switch of the server: at once, or once more behind a later one. */
export function repeating(likely: number, random: () => number): Between {
  let held: FrameData | undefined
  return {
    down(data, pass) {
      pass(data)
      const [tag] = elements(data)
      // another subscription, or another numbering: what was sent before is not for it
      if (tag === 'joined' || tag === 'epoch') held = undefined
      if (tag !== 'e') return
      if (random() < likely) pass(data)
      if (held !== undefined) pass(held)
      held = random() < likely ? data : undefined
    },
  }
}
