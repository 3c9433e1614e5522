/** Stops the processes that render a browser's pages, as a laptop that sleeps or a phone that freezes its tabs does. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Browser } from 'playwright-core'

/** The processes that render pages; `setWebLifecycleState` freezes nothing here, so they are stopped from outside. */
export async function renderersOf(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
}

/**
 * Stops processes until the result is called. A shell holds them: when this process ends, however it ends, the shell's
 * input ends as well, and it lets them go on, so that nothing stopped is left behind.
 */
export async function freeze(processes: readonly number[]): Promise<() => Promise<void>> {
  const all = processes.join(' ')
  const shell = spawn('sh', ['-c', `kill -STOP ${all}; echo stopped; read _; kill -CONT ${all}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true, // a Ctrl-C is for the tests; what they leave behind is for the shell
  })
  const exited = once(shell, 'exit')
  await once(createInterface(shell.stdout), 'line')
  return async () => {
    shell.stdin.end()
    await exited
  }
}
