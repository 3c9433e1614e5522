/**
 * The log against a model that keeps everything in a plain array and works out anew, for each read, what a log
 * with these retentions must give: under any history of appends, repeats, reads in pages and passing time.
 */
import { appendDedupMs, type Position } from '@parley/shared/internal'
import * as fc from 'fast-check'
import { expect } from 'vitest'
import type { Entry, Log, LogTopic, NewEntry, Page, ReadBounds } from '../../../src/logs/log.js'
import {
  collector,
  type DeclareTest,
  entryOf,
  type LogSuiteOptions,
  type LogUnderTest,
  wide,
} from './harness.js'

/** One window for each way of losing, two mixed ones, and latest values. */
const modelTopics: readonly LogTopic[] = [
  { key: 'by count', retention: { last: 4, forMs: 3_600_000, bytes: 1_000_000 } },
  { key: 'by age', retention: { last: 1_000, forMs: 3_000, bytes: 1_000_000 } },
  { key: 'by bytes', retention: { last: 1_000, forMs: 3_600_000, bytes: 150 } },
  { key: 'by all', retention: { last: 6, forMs: 4_000, bytes: 200 } },
  { key: 'latest', retention: 'latest' },
]

export type Step =
  | { readonly do: 'append'; readonly topic: number; readonly name: string; readonly size: number }
  | { readonly do: 'repeat'; readonly back: number }
  | { readonly do: 'publish'; readonly topic: number }
  | { readonly do: 'pass'; readonly ms: number }
  | {
      readonly do: 'read'
      readonly reader: number
      readonly bounds: ReadBounds
      readonly back: number | undefined
    }
  | { readonly do: 'start'; readonly reader: number; readonly topic: number; readonly from: From }

type From = 'now' | 'first' | { readonly last: number }

const topicIndex = fc.nat(modelTopics.length - 1)
const readerIndex = fc.nat(3)

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        topic: topicIndex,
        name: fc.constantFrom('a', 'b', 'c'),
        size: fc.nat(60),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('repeat' as const), back: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('publish' as const), topic: topicIndex }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(2_000) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('read' as const),
        reader: readerIndex,
        bounds: fc.record({ limit: fc.integer({ min: 1, max: 5 }), bytes: fc.nat(200) }),
        back: fc.option(fc.nat(8), { nil: undefined }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('start' as const),
        reader: readerIndex,
        topic: topicIndex,
        from: fc.oneof(fc.constantFrom('now' as const, 'first' as const), fc.record({ last: fc.nat(6) })),
      }),
    },
  ),
  { maxLength: 120, size: 'max' },
)

/** An entry as the model remembers it. */
interface Written {
  readonly entry: NewEntry
  readonly position: Position
  readonly at: number
  readonly size: number
}

/** A reader, and all that it was given since it began. */
interface Reader {
  readonly topic: LogTopic
  readonly begin: number
  position: Position
  readonly got: Entry[]
  readonly gaps: { readonly after: number; readonly first: number }[]
}

class Model {
  readonly written: Written[] = []

  head(): number {
    return this.written.at(-1)?.position.offset ?? 0
  }

  of(topic: LogTopic): Written[] {
    return this.written.filter(({ entry }) => entry.topic.key === topic.key)
  }

  /** What a topic holds at a time, and the highest offset that it lost with the reasons that would be true. */
  kept({ key, retention }: LogTopic, now: number): { kept: Written[]; lost: number; reasons: string[] } {
    const all = this.written.filter(({ entry }) => entry.topic.key === key)
    if (retention === 'latest') {
      const kept = all.filter(
        ({ entry }, i) => !all.slice(i + 1).some((later) => later.entry.name === entry.name),
      )
      return { kept, lost: 0, reasons: [] }
    }
    let bytes = 0
    let first = all.length
    while (first > 0) {
      const next = all[first - 1]!
      const reasons = [
        ...(next.at < now - retention.forMs ? ['expired'] : []),
        ...(all.length - first >= retention.last || bytes + next.size > retention.bytes ? ['trimmed'] : []),
      ]
      if (reasons.length > 0) return { kept: all.slice(first), lost: next.position.offset, reasons }
      bytes += next.size
      first--
    }
    return { kept: all, lost: 0, reasons: [] }
  }
}

export function modelTests(test: DeclareTest, { create, runs = 200, without }: LogSuiteOptions): void {
  test('skips nothing, gives nothing twice, and tells a gap exactly when something was lost', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const under = await create()
        try {
          await check(under, history, without?.clock === undefined)
        } finally {
          await under.cleanup()
        }
      }),
      { numRuns: runs },
    )
  })
}

async function check(under: LogUnderTest, history: readonly Step[], timed: boolean): Promise<void> {
  const { log, clock } = under
  const model = new Model()
  const readers = new Map<number, Reader>()
  const tail = collector()
  const told: string[] = []
  await log.tail(tail.listener)
  const now = () => clock?.now() ?? 0

  for (const step of history) {
    switch (step.do) {
      case 'append': {
        const topic = modelTopics[step.topic]!
        const entry = entryOf(topic, 'x'.repeat(step.size), { name: step.name })
        const position = await log.append(entry)
        expect(position.offset).toBeGreaterThan(model.head())
        model.written.push({ entry, position, at: now(), size: entry.data.json.length })
        told.push(entry.id)
        break
      }
      case 'repeat': {
        const earlier = model.written.at(-1 - step.back)
        if (!earlier || now() - earlier.at >= appendDedupMs) break
        expect(await log.append(earlier.entry)).toEqual(earlier.position)
        break
      }
      case 'publish': {
        const { key } = modelTopics[step.topic]!
        await log.publish({ topic: key, name: 'v', data: { json: '0' }, schema: 's1' })
        told.push('~')
        break
      }
      case 'pass':
        if (timed) await clock!.advance(step.ms)
        break
      case 'start':
        readers.set(step.reader, await startReader(log, model, modelTopics[step.topic]!, step.from, now()))
        break
      case 'read': {
        const reader = readers.get(step.reader)
        if (!reader) break
        const until = step.back === undefined ? undefined : Math.max(0, model.head() - step.back)
        await readPage(log, model, reader, { ...step.bounds, ...(until !== undefined && { until }) }, now())
        break
      }
    }
  }

  for (const reader of readers.values()) {
    for (let done = false; !done; ) done = (await readPage(log, model, reader, wide, now())).done
    checkReader(model, reader)
  }
  if (model.written.length === 0) return
  await tail.textsUntil(model.written.at(-1)!.position)
  const seen = tail.items.flatMap((item) =>
    item.type === 'entry' ? [item.entry.id] : item.type === 'volatile' ? ['~'] : [],
  )
  // volatile items after the last entry may still be under way
  expect(seen.slice(0, told.lastIndexOf(model.written.at(-1)!.entry.id) + 1)).toEqual(
    told.slice(0, told.lastIndexOf(model.written.at(-1)!.entry.id) + 1),
  )
}

async function startReader(
  log: Log,
  model: Model,
  topic: LogTopic,
  from: From,
  now: number,
): Promise<Reader> {
  const { kept } = model.kept(topic, now)
  const latest = topic.retention === 'latest'
  const page = await log.read(topic, from === 'now' ? { last: 0 } : from, { limit: 2, bytes: 1_000_000 })
  expect(page.gap).toBeUndefined()
  if (from === 'now') {
    const { position } = page
    return { topic, begin: position.offset, position, got: [], gaps: [] }
  }
  const wanted =
    from === 'first' || latest ? kept : kept.slice(kept.length - Math.min(kept.length, from.last))
  checkPage(page, wanted, model.head(), { limit: 2, bytes: 1_000_000 })
  const begin = wanted.length > 0 ? wanted[0]!.position.offset - 1 : page.start.offset
  return { topic, begin, position: page.position, got: [...page.entries], gaps: [] }
}

async function readPage(
  log: Log,
  model: Model,
  reader: Reader,
  bounds: ReadBounds,
  now: number,
): Promise<Page> {
  const { kept, lost, reasons } = model.kept(reader.topic, now)
  const from = reader.position
  const page = await log.read(reader.topic, from, bounds)
  const end = Math.min(model.head(), bounds.until ?? model.head())
  const whole = Math.min(lost, end)
  if (from.offset < whole) {
    expect(page.gap).toMatchObject({ after: from, first: { offset: whole } })
    expect(reasons).toContain(page.gap!.reason)
    reader.gaps.push({ after: from.offset, first: whole })
  } else {
    expect(page.gap).toBeUndefined()
  }
  const start = Math.max(from.offset, whole)
  expect(page.start.offset).toBe(start)
  const wanted = kept.filter(({ position }) => position.offset > start && position.offset <= end)
  checkPage(page, wanted, Math.max(start, end), bounds)
  reader.got.push(...page.entries)
  reader.position = page.position
  return page
}

/** A page must hold the first of what is wanted, as far as its bounds allow. */
function checkPage(page: Page, wanted: readonly Written[], end: number, { limit, bytes }: ReadBounds): void {
  const { entries } = page
  const expected = wanted.slice(0, entries.length)
  expect(entries.map(({ id, offset }) => ({ id, offset }))).toEqual(
    expected.map(({ entry, position }) => ({ id: entry.id, offset: position.offset })),
  )
  expect(page.done).toBe(entries.length === wanted.length)
  expect(page.done || entries.length > 0).toBe(true)
  expect(entries.length).toBeLessThanOrEqual(limit)
  const size = expected.reduce((sum, written) => sum + written.size, 0)
  expect(entries.length <= 1 || size <= bytes).toBe(true)
  expect(page.position.offset).toBe(page.done ? end : entries.at(-1)!.offset)
}

/** Over its whole life: every entry was given once, or lies in a gap; of a latest topic, the newest were given. */
function checkReader(model: Model, { topic, begin, got, gaps }: Reader): void {
  const given = got.map(({ offset }) => offset)
  expect(given).toEqual([...new Set(given)].sort((a, b) => a - b))
  for (const { entry, position } of model.of(topic)) {
    const { offset } = position
    if (offset <= begin || given.includes(offset)) continue
    const inGap = gaps.some(({ after, first }) => after < offset && offset <= first)
    const replaced = model
      .of(topic)
      .some((later) => later.entry.name === entry.name && later.position.offset > offset)
    expect(topic.retention === 'latest' ? replaced : inGap).toBe(true)
  }
}
