/** A deploy: pages that were built with an older contract, before a server of a newer one over the same log. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@parley/client'
import { anyone, createHub, createRouter } from '@parley/server'
import { sqliteLog } from '@parley/server/sqlite'
import { call, channel, defineContract } from '@parley/shared'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const Note = z.object({ text: z.string() })

const before = defineContract({
  notes: channel({ events: { added: Note } }),
  add: call({ input: Note }),
})
const fitting = defineContract({
  notes: channel({ events: { added: Note.extend({ tags: z.array(z.string()).default([]) }) } }),
  add: call({ input: Note.extend({ tags: z.array(z.string()).default([]) }) }),
})
const breaking = defineContract({
  notes: channel({ events: { added: z.object({ body: z.string() }) } }),
  add: call({ input: z.object({ body: z.string() }) }),
})

/** As far as the handlers of all versions have it in common. */
interface CallRun {
  readonly input: unknown
  readonly topics: { readonly notes: { emit(name: 'added', data: unknown): unknown } }
}

/** A version of the server over the log of all of them. */
function deploy(contract: typeof before, path: string) {
  const hub = createHub(contract, { log: sqliteLog(path), onReport: () => {} })
  const router = createRouter(hub, {
    notes: { join: anyone },
    add: ({ input, topics }: CallRun) => topics.notes.emit('added', input),
  } as never)
  /** A page that was built with this contract. */
  const open = (built: typeof before) => {
    const client = createClient(built, { transport: router.link({ context: undefined }), onReport: () => {} })
    onTestFinished(() => client.connection.close())
    return client
  }
  return { hub, open }
}

/** The log of the server of before, which has taken one note and is gone. */
async function oldServersLog(): Promise<string> {
  const path = logFile()
  const old = deploy(before, path)
  await old.open(before).add({ text: 'old' })
  await old.hub.close()
  return path
}

function logFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-deploy-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'events.db')
}

test('an old page goes on with a server whose contract it fits, and reads what both of them wrote', async () => {
  const path = await oldServersLog()
  const now = deploy(fitting as never, path)
  const page = now.open(before)
  await page.add({ text: 'new' })
  expect(page.connection.getSnapshot()).toMatchObject({ status: 'open', contract: 'compatible' })
  const read: unknown[] = []
  for await (const { data } of page.notes.events({ from: 'first' })) if (read.push(data) === 2) break
  expect(read).toEqual([
    { text: 'old', tags: [] },
    { text: 'new', tags: [] },
  ])
  await now.hub.close()
})

test('an old page that does not fit any more is told so for good, and where, so that it can offer a reload', async () => {
  const path = await oldServersLog()
  const now = deploy(breaking as never, path)
  const page = now.open(before)
  await expect(page.add({ text: 'new' })).rejects.toMatchObject({ code: 'CONTRACT_MISMATCH' })
  expect(page.connection.getSnapshot()).toMatchObject({
    status: 'closed',
    code: 'CONTRACT_MISMATCH',
    reason: expect.stringContaining('notes.added.text: it may be missing now'),
    final: true,
  })
  await now.hub.close()
})
