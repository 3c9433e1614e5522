/** A place in the server where a test can hold runs up, and let them go on. */
export interface Gate {
  /** Given to the server: resolves when the gate is opened, at once while it stands open. */
  readonly pass: () => Promise<void>
  /** Resolves when so many stand before the gate. */
  filled(count: number): Promise<void>
  /** Lets everybody on who stands there. */
  open(): void
  /** From now on whoever comes has to wait. */
  shut(): void
}

export function createGate(): Gate {
  let shut = false
  const standing = new Set<() => void>()
  const watching = new Set<() => void>()
  return {
    pass: () =>
      shut
        ? new Promise<void>((resolve) => {
            standing.add(resolve)
            for (const look of [...watching]) look()
          })
        : Promise.resolve(),
    filled: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (standing.size < count) return
          watching.delete(look)
          resolve()
        }
        watching.add(look)
        look()
      }),
    open() {
      shut = false
      for (const resolve of standing) resolve()
      standing.clear()
    },
    shut() {
      shut = true
    },
  }
}
