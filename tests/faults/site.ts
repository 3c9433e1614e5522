/** A real server on a free port, with a counter that anyone can check, and messages that take as long as a test likes. */
import { anyone, createHub, createRouter, type Log, memoryLog } from '@parley/server'
import { serve } from '@parley/server/bun'
import { call, channel, defineContract, type Report } from '@parley/shared'
import { z } from 'zod'

const numbered = z.object({ k: z.number() })

export function startSite(watch: (log: Log) => Log = (log) => log) {
  const contract = defineContract({
    ticks: channel({ events: { tick: z.object({ n: z.number() }) }, replay: { last: 100_000, for: '1h' } }),
    room: channel({ messages: { say: call({ input: numbered, output: numbered }) } }),
    hang: call({ input: numbered, output: numbered }),
  })
  const reports: Report[] = []
  const ran: number[] = []
  const started = new Map<number, () => void>()
  const gates = new Map<number, Promise<void>>()
  const hub = createHub(contract, {
    log: watch(memoryLog()),
    onReport: (report) => void reports.push(report),
  })
  const run = async ({ input: { k } }: { readonly input: { readonly k: number } }) => {
    ran.push(k)
    started.get(k)?.()
    await gates.get(k)
    return { k }
  }
  const router = createRouter(hub, {
    ticks: { join: anyone },
    room: { join: anyone, messages: { say: run } },
    hang: run,
  })
  const serving = serve(router, { port: 0 })
  let events = 0
  return {
    contract,
    router,
    reports,
    /** Numbers of the messages and calls that ran, in order. */
    ran,
    url: serving.url,
    get events() {
      return events
    },
    emit: () => void hub.channel.ticks.emit('tick', { n: ++events }),
    /** Holds the handler of this number up, until the result is called. */
    hold(k: number): { readonly hasStarted: Promise<void>; readonly release: () => void } {
      let release = (): void => {}
      gates.set(
        k,
        new Promise((resolve) => {
          release = resolve
        }),
      )
      return { hasStarted: new Promise((resolve) => started.set(k, resolve)), release }
    },
    [Symbol.asyncDispose]: () => serving.stop(),
  }
}

export type Site = ReturnType<typeof startSite>

/** Emits so many events a second, for so long. */
export async function emitFor(site: Site, perSecond: number, seconds: number): Promise<void> {
  const start = performance.now()
  const total = perSecond * seconds
  for (let emitted = 0; emitted < total; ) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    const due = Math.min(total, ((performance.now() - start) / 1_000) * perSecond)
    for (; emitted < due; emitted++) site.emit()
  }
}
