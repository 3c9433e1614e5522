import { EventSource } from 'eventsource'
import { expect, onTestFinished, test } from 'vitest'
import { startProxy } from '../../../../tests/support/proxy.js'
import { startEdge } from './edge.js'

interface Seen {
  readonly type: string
  readonly data: unknown
  readonly id: string
}

/** What an EventSource tells, in order, and a way to wait for it. */
function listen(source: EventSource, ...types: string[]) {
  onTestFinished(() => source.close())
  const seen: Seen[] = []
  const waiting = new Set<() => void>()
  for (const type of types) {
    source.addEventListener(type, ({ data, lastEventId }) => {
      seen.push({ type, data: JSON.parse(data), id: lastEventId })
      for (const look of [...waiting]) look()
    })
  }
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (seen.length < count) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return { seen, until }
}

const limits = { sseRetryMs: 20 } // so that it is back before anybody gets bored

test('an EventSource reads named events, their positions and bare JSON', async () => {
  const { url, hub } = startEdge()
  const { seen, until } = listen(new EventSource(`${url}/events/feed`), 'note', 'parley.live')
  await until(1)
  const position = await hub.channel.feed.emit('note', { text: 'hello' })
  await until(2)
  expect(seen[1]).toEqual({ type: 'note', data: { text: 'hello' }, id: position })
})

test('an EventSource that was cut comes back by itself to exactly what it missed', async () => {
  const { url, hub } = startEdge({ limits })
  const link = await startProxy(url)
  onTestFinished(link.stop)
  const { seen, until } = listen(
    new EventSource(`${link.url.href}/events/room?id=a`),
    'message',
    'parley.live',
  )
  const room = hub.channel.room({ id: 'a' })
  await until(1)
  let sent = 0
  for (let cuts = 0; cuts < 10; cuts++) {
    const heard = seen.length
    await room.emit('message', { text: String(sent++) })
    await until(heard + 1)
    link.cut()
    await room.emit('message', { text: String(sent++) }) // while it is away
    await room.emit('message', { text: String(sent++) })
    await until(heard + 4) // both, and `parley.live`
  }
  const texts = seen.filter(({ type }) => type === 'message').map(({ data }) => data)
  expect(texts).toEqual(Array.from({ length: sent }, (_, n) => ({ text: String(n) })))
})

test('an EventSource that is cut before its first event comes back to the position where it began', async () => {
  const { url, hub } = startEdge({ limits })
  const link = await startProxy(url)
  onTestFinished(link.stop)
  const { seen, until } = listen(new EventSource(`${link.url.href}/events/feed`), 'note', 'parley.live')
  await until(1)
  link.cut()
  await hub.channel.feed.emit('note', { text: 'while away' })
  await until(3)
  expect(seen.map(({ type }) => type)).toEqual(['parley.live', 'note', 'parley.live'])
})

test('an EventSource that was away for too long hears of the gap, and goes on behind it', async () => {
  const { url, hub } = startEdge({ limits })
  const link = await startProxy(url)
  onTestFinished(link.stop)
  const { seen, until } = listen(
    new EventSource(`${link.url.href}/events/feed`),
    ...['note', 'parley.gap', 'parley.live'],
  )
  await until(1)
  link.cut()
  for (let n = 0; n < 8; n++) await hub.channel.feed.emit('note', { text: String(n) })
  await until(8)
  expect(seen[1]).toMatchObject({ type: 'parley.gap', data: { after: seen[0]?.id, reason: 'trimmed' } })
  expect(seen.slice(2, 7).map(({ data }) => data)).toEqual(
    ['3', '4', '5', '6', '7'].map((text) => ({ text })),
  )
})

test('an EventSource can be told where to start by a query, because it cannot set headers', async () => {
  const { url, hub } = startEdge()
  const position = await hub.channel.feed.emit('note', { text: 'one' })
  await hub.channel.feed.emit('note', { text: 'two' })
  const { seen, until } = listen(
    new EventSource(`${url}/events/feed?lastEventId=${position}`),
    ...['note', 'parley.live'],
  )
  await until(2)
  expect(seen[0]).toMatchObject({ data: { text: 'two' } })
})

test('an EventSource gives up where it is refused', async () => {
  const { url } = startEdge()
  const source = new EventSource(`${url}/events/room?id=secret`)
  const { code } = await new Promise<{ code?: number | undefined }>((resolve) => {
    source.onerror = resolve
  })
  expect(code).toBe(403)
  expect(source.readyState).toBe(source.CLOSED)
})
