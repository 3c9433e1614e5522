/**
 * A log in a process of its own, so that it can be killed and can hold its lock: `bun process.ts append FILE
 * SYNCHRONOUS` appends until it is killed, `calls FILE SYNCHRONOUS` records 20 calls and then their results, `open FILE [UID]` opens the log, as another user if need be, and holds it
 * until its input ends. Each line that it prints is JSON, and is written before anything else happens.
 */
import { writeSync } from 'node:fs'
import { ParleyError } from '@parley/shared'
import { openSqliteLog, type SqliteLogOptions } from '../../../src/logs/sqlite/open.js'
import { entryOf, topicOf } from '../suite/harness.js'

const [task, path = '', more] = process.argv.slice(2)
const say = (line: unknown) => writeSync(1, `${JSON.stringify(line)}\n`)

if (task === 'append') {
  const { log } = openSqliteLog(path, { synchronous: more as NonNullable<SqliteLogOptions['synchronous']> })
  const topic = topicOf('room', { last: 1_000_000, forMs: 3_600_000, bytes: 1_000_000_000 })
  await log.tail((item) => {
    if (item.type === 'entry') say({ shown: item.entry.offset })
  })
  for (let n = 0; ; n += 3) {
    // some share a transaction, some do not
    const texts = [`${n}`, `${n + 1}`, `${n + 2}`]
    const positions = await Promise.all(texts.map((text) => log.append(entryOf(topic, text, { id: text }))))
    for (const [i, position] of positions.entries()) say({ ...position, text: texts[i] })
  }
}

if (task === 'calls') {
  const { log } = openSqliteLog(path, { synchronous: more as NonNullable<SqliteLogOptions['synchronous']> })
  const once = log.once!
  const keys = Array.from({ length: 20 }, (_, n) => `call ${n}`)
  say({ text: 'begins' })
  for (const key of keys) await once.begin(key, 'request', 3_600_000)
  say({ text: 'finishes' })
  for (const key of keys) await once.finish(key, { request: 'request', result: 'done' }, 3_600_000, [])
  say({ text: 'appends' })
  for (const key of keys) await log.append(entryOf(topicOf('room'), key))
  say({ text: 'ends' })
  process.exit()
}

try {
  if (more !== undefined) process.setuid?.(Number(more))
  const { log } = openSqliteLog(path)
  say({ opened: (await log.tail(() => {})).epoch })
  for await (const _ of process.stdin);
  await log.close()
} catch (error) {
  if (!(error instanceof ParleyError)) throw error
  say({ code: error.code, message: error.message })
}
