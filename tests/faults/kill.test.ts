/** What must not run twice, over `kill -9` of the server that runs it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createClient } from '@parley/client'
import { ParleyError } from '@parley/shared'
import { expect, onTestFinished, test } from 'vitest'
import { shopContract } from './shop.js'

interface Shop {
  readonly url: string
  /** Resolves when the server has come to where it stops. */
  stopped(): Promise<void>
  kill(): Promise<void>
}

async function startShop(folder: string, stop = '', port = '0'): Promise<Shop> {
  const script = join(import.meta.dirname, 'shop-process.ts')
  const args = [script, join(folder, 'events.db'), join(folder, 'ledger'), port, stop]
  const child = spawn(process.execPath, ['--conditions=source', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    const { done, value } = await lines.next()
    if (done) throw new Error('the server ended before it said anything')
    return value
  }
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  onTestFinished(kill)
  return {
    url: await next(),
    stopped: async () => expect(await next()).toBe(stop),
    kill,
  }
}

/** Pays for a book, the same payment each time; gives the code of what it was told, or the receipt. */
type Pay = (url: string) => Promise<string>

const overHttp: Pay = async (url) => {
  const response = await fetch(`${url}/call/pay`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: 'Bearer Ann',
      'idempotency-key': 'payment-1',
    },
    body: '"book"',
  })
  const { receipt, error } = (await response.json()) as { receipt?: string; error?: { code: string } }
  return receipt ?? error?.code ?? 'nothing'
}

const overWebSocket: Pay = async (url) => {
  const socket = new WebSocket(url.replace('http', 'ws'), 'parley.1')
  return new Promise((resolve, reject) => {
    const say = (...frame: unknown[]) => socket.send(JSON.stringify(frame))
    socket.onopen = () => say('hello', { v: 1, contract: '0000000000000000', client: 'a'.repeat(22) })
    socket.onmessage = ({ data }) => {
      const [tag, , answer] = JSON.parse(String(data))
      if (tag === 'welcome') say('call', 7, 'pay', 0, 'book')
      if (tag !== 'ok' && tag !== 'err') return
      resolve(tag === 'ok' ? answer.receipt : answer.code)
      socket.close(1000)
    }
    socket.onclose = () => reject(new Error('the server is gone'))
  })
}

/** What readers are shown. */
async function shown(url: string): Promise<string[]> {
  const response = await fetch(`${url}/call/paid`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  })
  return (await response.json()) as string[]
}

/** A folder for a log and a ledger, gone when the test is over. */
function shopFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-kill-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test.each([
  { stop: 'in the handler', way: 'HTTP', pay: overHttp, told: 'OUTCOME_UNKNOWN', events: [] },
  { stop: 'in the handler', way: 'WebSocket', pay: overWebSocket, told: 'OUTCOME_UNKNOWN', events: [] },
  { stop: 'before the write', way: 'HTTP', pay: overHttp, told: 'OUTCOME_UNKNOWN', events: [] },
  { stop: 'before the write', way: 'WebSocket', pay: overWebSocket, told: 'OUTCOME_UNKNOWN', events: [] },
  { stop: 'after the write', way: 'HTTP', pay: overHttp, told: 'for book', events: ['book'] },
  { stop: 'after the write', way: 'WebSocket', pay: overWebSocket, told: 'for book', events: ['book'] },
])(
  'a payment whose server is killed $stop is made once, and a repeat over $way is told $told',
  async ({ stop, pay, told, events }) => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-kill-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const first = await startShop(folder, stop)
    const lost = pay(first.url)
    lost.catch(() => {}) // it is killed
    await first.stopped()
    await first.kill()
    await expect(lost).rejects.toThrow()

    for (let start = 0; start < 2; start++) {
      const next = await startShop(folder)
      expect(await pay(next.url)).toBe(told)
      expect(await pay(next.url)).toBe(told)
      expect(await shown(next.url)).toEqual(events)
      await next.kill()
    }
    expect(readFileSync(join(folder, 'ledger'), 'utf8')).toBe('book\n')
  },
)

test.each([
  { stop: 'in the handler', told: 'OUTCOME_UNKNOWN' },
  { stop: 'before the write', told: 'OUTCOME_UNKNOWN' },
  { stop: 'after the write', told: 'for book' },
])(
  'a client whose server is killed $stop asks the next one by itself, and is told $told',
  async ({ stop, told }) => {
    const folder = shopFolder()
    const first = await startShop(folder, stop)
    const client = createClient(shopContract, { url: first.url, onReport: () => {} })
    onTestFinished(() => client.connection.close())
    const paying = client.pay('book', { withinMs: 60_000 }).then(
      ({ receipt }) => receipt,
      (error: unknown) => (error instanceof ParleyError ? error.code : error),
    )
    await first.stopped()
    await first.kill()
    await startShop(folder, '', new URL(first.url).port)
    expect(await paying).toBe(told)
    expect(readFileSync(join(folder, 'ledger'), 'utf8')).toBe('book\n')
  },
)
