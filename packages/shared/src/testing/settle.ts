/**
 * Lets every promise that can settle do so: a macrotask runs only when no microtask is left, however long the
 * chain. Taken at import, so that a test runner's fake timers, installed later, do not stop it.
 */
const immediate: ((run: () => void) => void) | undefined =
  typeof setImmediate === 'function' ? setImmediate : undefined

export function settle(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate) {
      immediate(resolve)
      return
    }
    // browsers: a message is a macrotask as well, and unlike setTimeout it is never held back
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
