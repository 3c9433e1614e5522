import type { Position } from '@parley/shared/internal'
import type { VirtualClock } from '@parley/shared/testing'
import { test } from 'vitest'
import type {
  ContractStore,
  Entry,
  Log,
  LogGap,
  LogTopic,
  NewEntry,
  OnceStore,
  Page,
  ReadBounds,
  TailItem,
} from '../../../src/logs/log.js'

/** A log that was made for one test, empty, and what the suite may do to it. */
export interface LogUnderTest {
  readonly log: Log
  /** The log's memory of calls that must not run twice. */
  readonly once?: OnceStore
  /** What it keeps of the contracts that were served. */
  readonly contracts?: ContractStore
  /** The clock that the log takes its time from. */
  readonly clock?: VirtualClock
  /** Loses what is above an offset (by default nothing), as a crash does, and opens a new epoch there. */
  newEpoch?(survived?: number): Promise<void>
  /** Closes the log cleanly and opens it again over the same storage. */
  reopen?(): Promise<Log>
  /** The same log, as another process has it. */
  another?(): Promise<Log>
  cleanup(): Promise<void>
}

export type Ability = 'once' | 'contracts' | 'clock' | 'newEpoch' | 'reopen' | 'another'

export interface LogSuiteOptions {
  create(): Promise<LogUnderTest>
  /** What this kind of log cannot do in a test, with the reason: the tests that need it are skipped with it. */
  readonly without?: { readonly [A in Ability]?: string }
  /** Runs of each property. Default 200. */
  readonly runs?: number
}

export type LogTest<Needs extends Ability = never> = (
  under: LogUnderTest & Required<Pick<LogUnderTest, Needs>>,
) => Promise<void>

/** Declares one test with a log of its own; skipped with the reason where the log lacks what it needs. */
export interface DeclareTest {
  (title: string, body: LogTest): void
  <Needs extends Ability>(title: string, needs: readonly Needs[], body: LogTest<Needs>): void
}

export function declareTests({ create, without = {} }: LogSuiteOptions): DeclareTest {
  return (title: string, needs: readonly Ability[] | LogTest, body?: LogTest<Ability>) => {
    const [abilities, run] = typeof needs === 'function' ? [[], needs as LogTest<Ability>] : [needs, body!]
    test(title, async ({ skip }) => {
      const missing = abilities.find((ability) => without[ability] !== undefined)
      if (missing) skip(without[missing])
      const under = await create()
      try {
        for (const ability of abilities) {
          if (!under[ability]) throw new Error(`This log has no ${ability}: say why in \`without\`.`)
        }
        await run(under as Required<LogUnderTest>)
      } finally {
        await under.cleanup()
      }
    })
  }
}

export const wide: ReadBounds = { limit: 1_000, bytes: 1_000_000 }

/** A window that loses nothing in the time of a test. */
export const roomy = { last: 1_000, forMs: 3_600_000, bytes: 1_000_000 } as const

export function topicOf(key: string, retention: LogTopic['retention'] = roomy): LogTopic {
  return { key, retention }
}

let ids = 0

/** An entry with an id of its own; its data is `text`, as JSON. */
export function entryOf(topic: LogTopic, text: string, more: Partial<NewEntry> = {}): NewEntry {
  return {
    topic,
    id: `id-${++ids}`,
    name: 'said',
    data: { json: JSON.stringify(text) },
    schema: 'v1',
    ...more,
  }
}

/** Appends texts one after the other. */
export async function appendAll(log: Log, topic: LogTopic, texts: readonly string[]): Promise<Position[]> {
  const positions: Position[] = []
  for (const text of texts) positions.push(await log.append(entryOf(topic, text)))
  return positions
}

export function textsOf(entries: readonly Entry[]): string[] {
  return entries.map(({ data }) => JSON.parse(data.json))
}

/** Reads on until nothing is left. */
export async function readAll(
  log: Log,
  topic: LogTopic,
  from: Parameters<Log['read']>[1],
  bounds: ReadBounds = wide,
): Promise<{ texts: string[]; entries: Entry[]; gaps: LogGap[]; pages: Page[]; position: Position }> {
  const pages: Page[] = []
  let next = from
  for (;;) {
    const page = await log.read(topic, next, bounds)
    pages.push(page)
    next = page.position
    if (page.done) break
  }
  const entries = pages.flatMap((page) => page.entries)
  const gaps = pages.flatMap((page) => (page.gap ? [page.gap] : []))
  return { texts: textsOf(entries), entries, gaps, pages, position: pages[pages.length - 1]!.position }
}

/** A tail's listener that keeps what it is told. */
export interface Collector {
  readonly items: TailItem[]
  readonly listener: (item: TailItem) => void
  /** Waits until an item has arrived for which this holds. */
  until(holds: (item: TailItem) => boolean): Promise<void>
  /** Waits for this entry, and gives the texts of all items up to now: `text` or, volatile, `~text`. */
  textsUntil(position: Position): Promise<string[]>
}

export function collector(): Collector {
  const items: TailItem[] = []
  const waiting = new Set<() => void>()
  const until = async (holds: (item: TailItem) => boolean) => {
    while (!items.some(holds)) await new Promise<void>((resolve) => waiting.add(resolve))
  }
  return {
    items,
    listener(item) {
      items.push(item)
      for (const resolve of waiting) resolve()
      waiting.clear()
    },
    until,
    async textsUntil(position) {
      await until((item) => item.type === 'entry' && item.entry.offset === position.offset)
      return items.flatMap((item) => {
        if (item.type === 'entry') return textsOf([item.entry])
        return item.type === 'volatile' ? [`~${JSON.parse(item.item.data.json)}`] : []
      })
    },
  }
}
