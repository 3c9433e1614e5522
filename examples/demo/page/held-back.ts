/** One direction of the link: everything in order, at once, or late while it is slow, or not at all while it is silent. */
import { link, type Underway, underway } from './link.js'

const slownessMs = 1_500
/** While it is slow no frame comes sooner than this after the one before: above the ten numbers a second. */
const apartMs = 60

export interface HeldBack {
  /** Passes on a frame. */
  frame(act: () => void): void
  /** Passes on what is no frame, in its place: it waits for those before it, and takes no time of its own. */
  event(act: () => void): void
  /** The switches changed: what need not wait any more does not. */
  hurry(): void
  /** What is on its way is gone. */
  drop(): void
}

export function heldBack(direction: keyof Underway): HeldBack {
  const queue: { readonly act: () => void; readonly due: number; readonly frames: number }[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let lastDue = 0
  let isPassing = false

  const count = (change: number): void => {
    if (change === 0) return
    const now = underway.getSnapshot()
    underway.set({ ...now, [direction]: now[direction] + change })
  }
  const isFree = (due: number): boolean => {
    const { silent, slow } = link.getSnapshot()
    return !silent && (!slow || due <= Date.now())
  }
  const pass = (): void => {
    if (isPassing) return // what is passed on may answer at once: that has its turn after it
    clearTimeout(timer)
    timer = undefined
    isPassing = true
    try {
      for (let next = queue[0]; next && isFree(next.due); next = queue[0]) {
        queue.shift()
        count(-next.frames)
        next.act()
      }
    } finally {
      isPassing = false
    }
    if (queue[0] && !link.getSnapshot().silent) timer = setTimeout(pass, queue[0].due - Date.now())
  }
  const take = (act: () => void, due: number, frames: number): void => {
    lastDue = due
    queue.push({ act, due, frames })
    count(frames)
    if (timer === undefined) pass()
  }

  return {
    frame: (act) =>
      take(act, link.getSnapshot().slow ? Math.max(Date.now() + slownessMs, lastDue + apartMs) : 0, 1),
    event: (act) => take(act, lastDue, 0),
    hurry: pass,
    drop() {
      clearTimeout(timer)
      timer = undefined
      count(-queue.reduce((sum, { frames }) => sum + frames, 0))
      queue.length = 0
    },
  }
}
