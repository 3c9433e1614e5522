import type { Log, Tail, TailItem } from '../logs/log.js'

/** A tail that has begun, and waits for its first item to be wanted. */
export interface Listening {
  readonly tail: Tail
  /** Gives what it passed on before its head was known, and lets everything after it through. */
  begin(): readonly TailItem[]
}

/** Listens to a log. What is passed on before the head is known waits its turn; after a failure nothing is let through. */
export async function listen(log: Log, take: (item: TailItem) => void): Promise<Listening> {
  let early: TailItem[] | undefined = []
  let failed = false
  const listener = (item: TailItem): void => {
    if (failed) return
    if (early) early.push(item)
    else take(item)
  }
  try {
    const tail = await log.tail(listener)
    return {
      tail,
      begin() {
        const waited = early ?? []
        early = undefined
        return waited
      },
    }
  } catch (error) {
    failed = true
    throw error
  }
}
