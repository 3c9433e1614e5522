/**
 * Makes a failing run short: leaves out steps for as long as the same promise still breaks (delta debugging, Zeller
 * and Hildebrandt). First steps stop acting while their time still passes, then the time of those goes, too.
 */
import type { Fault } from './journal.js'
import type { Step } from './world.js'

/** Runs a world with these steps, and gives what broke in it. */
export type Rerun = (steps: readonly Step[]) => Promise<readonly Fault[]>

/** @param mostRuns after so many runs it takes what it has. */
export async function shrink(
  steps: readonly Step[],
  faults: readonly Fault[],
  rerun: Rerun,
  mostRuns: number,
): Promise<readonly Step[]> {
  const promise = faults[0]!.promise
  let runs = 0
  const breaks = async (some: readonly Step[]): Promise<boolean> =>
    runs++ < mostRuns && (await rerun(some)).some((fault) => fault.promise === promise)

  let best = steps
  const without = (indexes: ReadonlySet<number>, change: (step: Step) => Step | undefined): readonly Step[] =>
    best.flatMap((step) => (indexes.has(step.index) ? (change(step) ?? []) : [step]))

  for (const [isCandidate, change] of [
    [(step: Step) => step.acts, (step: Step): Step | undefined => ({ ...step, acts: false })],
    [(step: Step) => !step.acts, (): Step | undefined => undefined],
  ] as const) {
    let size = Math.ceil(best.filter(isCandidate).length / 2)
    while (size >= 1 && runs < mostRuns) {
      const candidates = best.filter(isCandidate).map(({ index }) => index)
      let isShorter = false
      for (let at = 0; at < candidates.length; at += size) {
        const some = without(new Set(candidates.slice(at, at + size)), change)
        if (!(await breaks(some))) continue
        best = some
        isShorter = true
      }
      if (size > 1) size = Math.ceil(size / 2)
      else if (!isShorter) break
    }
  }
  return best
}
