/** Hands reports to the application, whose listener may fail, and which strangers must not be able to flood. */
import type { Report, ReportKind } from '@parley/shared'
import { type Clock, safeReporter } from '@parley/shared/internal'

/** What strangers, or one fault of a log, can cause as often as they like. Nobody was told an id to find one by. */
const limited: ReadonlySet<ReportKind> = new Set([
  'refused',
  'protocol',
  'log-failed',
  'latest-evicted',
  'incompatible',
  'contract',
])

/** Of each of those kinds this many pass in so many ms; the next one that passes says how many did not. */
const mostPerWindow = 20
const windowMs = 10_000

interface Window {
  since: number
  passed: number
  suppressed: number
}

/** Makes the one way by which a hub or an emitter reports. It never throws. */
export function createReporter(
  onReport: (report: Report) => unknown,
  clock: Clock,
): (report: Report) => void {
  const report = safeReporter(onReport)
  const windows = new Map<ReportKind, Window>()

  /** How many of its kind were left out before this one, or nothing if this one is left out too. */
  function suppressedBefore(kind: ReportKind): number | undefined {
    const now = clock.now()
    const known = windows.get(kind)
    if (!known || now - known.since >= windowMs) {
      windows.set(kind, { since: now, passed: 1, suppressed: 0 })
      return known?.suppressed ?? 0
    }
    if (known.passed < mostPerWindow) {
      known.passed++
      return 0
    }
    known.suppressed++
    return undefined
  }

  return (one) => {
    const suppressed = limited.has(one.kind) ? suppressedBefore(one.kind) : 0
    if (suppressed !== undefined) report(suppressed > 0 ? { ...one, suppressed } : one)
  }
}
