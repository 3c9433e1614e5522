import type { Clock } from '@parley/shared/internal'

/** Chromium looks at the timers of a page that has been hidden for five minutes once a minute. */
const minuteMs = 60_000

/**
 * The clock of a page that is hidden, as a browser keeps it: its timers run late, at the next full minute, until
 * the page is shown, and then what is due runs at once. What the network brings is not held back.
 */
export function hiddenClock(clock: Clock): { readonly clock: Clock; show(): void } {
  let isHidden = true
  const held = new Set<{ hurry(): void }>()
  return {
    clock: {
      ...clock,
      after(delayMs, run) {
        const due = clock.now() + Math.max(0, delayMs)
        const timer = {
          cancel: () => {},
          arm(at: number) {
            timer.cancel = clock.after(Math.max(0, at - clock.now()), () => {
              held.delete(timer)
              run()
            })
          },
          hurry() {
            timer.cancel()
            timer.arm(due)
          },
        }
        timer.arm(isHidden ? Math.ceil(due / minuteMs) * minuteMs : due)
        if (isHidden) held.add(timer)
        return () => {
          held.delete(timer)
          timer.cancel()
        }
      },
    },
    show() {
      isHidden = false
      for (const timer of held) timer.hurry()
      held.clear()
    },
  }
}
