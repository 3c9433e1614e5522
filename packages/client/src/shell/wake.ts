/**
 * Signs that a page is back: online again, shown again, taken out of the back-forward cache, or thawed. None of them
 * is to be relied on; each is a reason to try at once.
 */

/** Calls `run` when the network comes back; the result ends that. Where there is no page it does nothing. */
export function onOnline(run: () => void): () => void {
  if (typeof document === 'undefined') return () => {}
  addEventListener('online', run)
  return () => removeEventListener('online', run)
}

/** Calls `run` at each sign; the result ends that. Where there is no page it does nothing. */
export function onWake(run: () => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const page = document
  const shown = (): void => {
    if (page.visibilityState === 'visible') run()
  }
  const stopOnline = onOnline(run)
  addEventListener('pageshow', run)
  page.addEventListener('visibilitychange', shown)
  page.addEventListener('resume', run)
  return () => {
    stopOnline()
    removeEventListener('pageshow', run)
    page.removeEventListener('visibilitychange', shown)
    page.removeEventListener('resume', run)
  }
}
