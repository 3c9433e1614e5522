/** What code finds by a global name, in the hands of a test. */
import type { Link, VirtualClock } from '@parley/shared/testing'
import { VirtualSocket } from './virtual-socket.js'

/** Puts these in the place of the globals of their names, until it is disposed of. */
export function replaceGlobals(globals: Readonly<Record<string, unknown>>): Disposable {
  const before = Object.keys(globals).map(
    (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
  )
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
  return {
    [Symbol.dispose]() {
      for (const [name, old] of before) {
        if (old) Object.defineProperty(globalThis, name, old)
        else delete (globalThis as Record<string, unknown>)[name]
      }
    },
  }
}

/** `WebSocket` over the link of its address, and timers by this clock. */
export function virtualGlobals(linkOf: (url: string) => Link, clock: VirtualClock): Disposable {
  return replaceGlobals({
    WebSocket: class extends VirtualSocket {
      constructor(url: string) {
        super(linkOf(url))
      }
    },
    setTimeout: (run: () => void, ms = 0) => clock.after(ms, run),
    clearTimeout: (cancel?: () => void) => cancel?.(),
    setInterval(run: () => void, ms: number) {
      let cancel = (): void => {}
      const arm = (): void => {
        cancel = clock.after(ms, () => {
          arm()
          run()
        })
      }
      arm()
      return () => cancel()
    },
    clearInterval: (cancel?: () => void) => cancel?.(),
  })
}
