/** What the SQLite log promises of calls that must not run twice, beside what every log promises. */
import { Database } from 'bun:sqlite'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { call, defineContract } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { expect, test } from 'vitest'
import { createHub } from '../../../src/index.js'
import type { OnceStore } from '../../../src/logs/log.js'
import { collector, entryOf, readAll, topicOf } from '../suite/harness.js'
import { openLog, testFolder, withLog } from './folder.js'
import { processScript } from './spawned.js'

const hour = 3_600_000
const room = topicOf('room', { last: 100_000, forMs: hour, bytes: 1_000_000_000 })
const paid = { request: 'pay 5', result: '{"paid":5}' }

/** How often the disk was waited for between the lines that a process wrote, by the first of each two. */
function waits(trace: string): Record<string, number> {
  const counts: Record<string, number> = {}
  let since = ''
  for (const line of trace.split('\n')) {
    since = /write\(1, "\{\\"text\\":\\"(\w+)/.exec(line)?.[1] ?? since
    if (/f(data)?sync\(\d+\)/.test(line)) counts[since] = (counts[since] ?? 0) + 1
  }
  return counts
}

test.for([
  { synchronous: 'full', rest: 20 },
  { synchronous: 'normal', rest: 0 },
])(
  'at $synchronous, each call waits for the disk before its handler may run',
  ({ synchronous, rest }, { skip }) => {
    const folder = testFolder()
    const trace = join(folder, 'trace')
    const options = ['-f', '-qq', '-e', 'trace=write,fsync,fdatasync', '-o', trace]
    const command = [
      process.execPath,
      '--conditions=source',
      processScript,
      'calls',
      join(folder, 'events.db'),
      synchronous,
    ]
    const { error, status } = spawnSync('strace', [...options, ...command])
    if (error) return skip('what a process asks of the disk is seen with strace, which is not here')
    expect(status).toBe(0)
    const { begins = 0, finishes = 0, appends = 0 } = waits(readFileSync(trace, 'utf8'))
    expect(begins).toBeGreaterThanOrEqual(20)
    expect(Math.min(finishes, appends)).toBeGreaterThanOrEqual(rest)
    if (rest === 0) expect(finishes + appends).toBeLessThan(20)
  },
)

test('at off, where a power cut may damage the file, it promises nothing, and a hub says so', () => {
  const path = join(testFolder(), 'events.db')
  const { log } = openLog(path, { synchronous: 'off' })
  expect(log.once).toBeUndefined()
  const contract = defineContract({ pay: call({ once: '24h' }) })
  expect(() => createHub(contract, { log })).toThrow(/'pay'.*synchronous: 'off'.*'normal' or 'full'/)
})

test('where there is no more room, nothing begins; a call that ran keeps its intent, and shows nobody what it emitted', async () => {
  const { log } = openLog(join(testFolder(), 'events.db'), { maxBytes: 1_048_576 })
  const once = log.once as OnceStore
  await once.begin('a', 'pay 5', hour)
  const fill = async () => {
    for (;;) await log.append(entryOf(room, 'x'.repeat(3_000)))
  }
  const full = { code: 'INTERNAL', message: expect.stringContaining('SQLITE_FULL') }
  await expect(fill()).rejects.toMatchObject(full)
  const before = await readAll(log, room, 'first')
  const tail = collector()
  await log.tail(tail.listener)
  const emits = [{ type: 'entry', entry: entryOf(room, 'y'.repeat(9_000)) }] as const
  await expect(once.finish('a', paid, hour, emits)).rejects.toMatchObject(full)
  expect(await once.find('a')).toEqual({ request: 'pay 5' })
  expect((await readAll(log, room, 'first')).texts).toEqual(before.texts)
  expect(tail.items).toEqual([])
  await expect(once.begin('b', 'x'.repeat(9_000), hour)).rejects.toMatchObject(full)
  expect(await once.find('b')).toBeUndefined()
})

test('where expired outcomes take the room, they give way', async () => {
  const clock = virtualClock()
  const { log } = openLog(join(testFolder(), 'events.db'), { clock, maxBytes: 1_048_576 })
  const once = log.once as OnceStore
  const large = { request: 'pay 5', result: 'x'.repeat(90_000) }
  const fill = async () => {
    for (let n = 0; ; n++) {
      await once.begin(`${n}`, 'pay 5', 1_000)
      await once.finish(`${n}`, large, 1_000, [])
    }
  }
  await expect(fill()).rejects.toMatchObject({ code: 'INTERNAL' })
  await clock.advance(1_001)
  expect(await once.begin('new', 'pay 5', 1_000)).toBeUndefined()
  await once.finish('new', large, 1_000, [])
})

test('what is known no more is deleted little by little, by the calls that follow', async () => {
  const clock = virtualClock()
  const path = join(testFolder(), 'events.db')
  await withLog(path, { clock }, async (log) => {
    const once = log.once as OnceStore
    const begin = (from: number, count: number) =>
      Promise.all(Array.from({ length: count }, (_, n) => once.begin(`${from + n}`, 'pay 5', 10_000)))
    await begin(0, 2_000)
    await clock.advance(10_001)
    for (let n = 0; n < 10; n++) await begin(5_000 + 100 * n, 100)
  })
  const db = new Database(path, { readonly: true })
  const { kept } = db.query<{ kept: number }, []>('SELECT count(*) AS kept FROM once').get()!
  db.close()
  expect(kept).toBe(1_000)
})

test('a file of the first version, which remembers no calls and no contracts, is taken with all that it holds', async () => {
  const path = join(testFolder(), 'events.db')
  const position = await withLog(path, {}, (log) => log.append(entryOf(room, 'old')))
  const db = new Database(path)
  db.run('DROP TABLE once; DROP TABLE contracts; PRAGMA user_version = 1;')
  db.close()
  const { log } = openLog(path)
  expect((await readAll(log, room, 'first')).texts).toEqual(['old'])
  expect((await log.append(entryOf(room, 'new'))).offset).toBe(position.offset + 1)
  await log.once?.begin('a', 'pay 5', hour)
  expect(await log.once?.find('a')).toEqual({ request: 'pay 5' })
  await log.contracts?.save('a', 'b')
  expect(await log.contracts?.find('a')).toBe('b')
})
