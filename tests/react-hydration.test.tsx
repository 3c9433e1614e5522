// @vitest-environment happy-dom
/** From the page that a server rendered to live, without a hole and without a mismatch: a whole server, a whole client. */
import { Writable } from 'node:stream'
import { createClient } from '@parley/client'
import { append, useChannel, useConnection, usePresence } from '@parley/client/react'
import { createHub, createRouter } from '@parley/server'
import { channel, defineContract, type Link } from '@parley/shared'
import { systemClock } from '@parley/shared/internal'
import { act, StrictMode, Suspense, startTransition, useState, version } from 'react'
import { hydrateRoot, type Root } from 'react-dom/client'
import { renderToPipeableStream, renderToString } from 'react-dom/server'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

const contract = defineContract({
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: z.object({ id: z.number(), text: z.string() }) },
    replay: { last: 5, for: '1h' },
  }),
  lounge: channel({ events: {}, presence: z.object({ name: z.string() }) }),
})

interface Line {
  id: number
  text: string
}
/** What a loader gives, and what the page carries as JSON. */
interface Page {
  data: Line[]
  position: string
}

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

function setUp() {
  const lines: Line[] = []
  const hub = createHub(contract)
  const router = createRouter(hub, {
    room: { join: () => true },
    lounge: { join: () => true, presence: ({ wanted }) => ({ name: 'nobody', ...wanted }) },
  })
  const client = () => {
    // what waits for a moment of chance does not wait here
    const clock = { ...systemClock, random: () => 0 }
    const one = createClient(contract, { transport: router.link({ context: undefined }), clock })
    open.push(() => one.connection.close())
    return one
  }
  open.push(() => hub.close())
  const topic = hub.channel.room({ id: 'a' })
  return {
    hub,
    client,
    topic,
    lines,
    say: async (text: string) => {
      const line = { id: lines.length + 1, text }
      lines.push(line)
      await topic.emit('message', line)
    },
    load: () => hub.snapshot(topic, async () => [...lines]),
  }
}

type Client = ReturnType<ReturnType<typeof setUp>['client']>

let renders = 0
function Room({ client, page, load }: { client: Client; page: Page; load?: () => Promise<Page> }) {
  renders++
  const { state, gap } = useChannel(client.room({ id: 'a' }), append(50), {
    ...page,
    events: ['message'],
    key: ({ id }) => id,
    load,
  })
  return (
    <p>
      {gap ? 'gap ' : ''}
      {state.map(({ text }) => text).join(' ')}
    </p>
  )
}

function Status({ client }: { client: Client }) {
  return <output>{useConnection(client).status}</output>
}

const app = (client: Client, page: Page, load?: () => Promise<Page>) => (
  <StrictMode>
    <Status client={client} />
    <Suspense fallback="...">
      <Room client={client} page={page} load={load} />
    </Suspense>
  </StrictMode>
)

/** As it is in a browser: the markup of the server, and the loader's result as JSON. */
function arrive(html: string, page: Page): { container: HTMLElement; page: Page } {
  const container = document.createElement('div')
  container.innerHTML = html
  return { container, page: JSON.parse(JSON.stringify(page)) as Page }
}

const complaints: unknown[] = []
async function hydrate(container: Element, node: Parameters<typeof hydrateRoot>[1]): Promise<Root> {
  complaints.length = 0
  let root: Root | undefined
  await act(async () => {
    root = hydrateRoot(container, node, { onRecoverableError: (error) => complaints.push(error) })
  })
  open.push(() => act(async () => root!.unmount()))
  return root!
}

/** Lets everything happen until the page shows this: no time is waited for, only turns of the loop. */
async function shows(container: Element, text: string): Promise<void> {
  const shown = () => container.querySelector('p')?.textContent
  for (let turn = 0; turn < 1_000 && shown() !== text; turn++) {
    await act(() => new Promise<void>((resolve) => setImmediate(resolve)))
  }
  expect(shown()).toBe(text)
}

/** The other way to render: in pieces, each when it is ready. */
function stream(node: Parameters<typeof renderToPipeableStream>[0]): Promise<string> {
  return new Promise((resolve, reject) => {
    let html = ''
    const sink = new Writable({
      write(chunk, _, next) {
        html += chunk
        next()
      },
    })
    sink.once('finish', () => resolve(html))
    const { pipe } = renderToPipeableStream(node, { onAllReady: () => pipe(sink), onError: reject })
  })
}

test('it is the React that is meant', () => {
  expect(version.split('.')[0]).toBe(process.env.REACT_MAJOR)
})

test.each([
  ['whole', async (node: Parameters<typeof renderToString>[0]) => renderToString(node)],
  ['as a stream', stream],
])(
  'a page that was rendered %s goes on with what came since, and shows no other first',
  async (_, render) => {
    const { client, say, load } = setUp()
    await say('one')
    const page = await load()
    await say('two') // between the load and the render
    const html = await render(app(client(), page))
    expect(html).toContain('one')
    expect(html).not.toContain('two')
    await say('three') // between the render and the page's script
    const arrived = arrive(html, page)
    await hydrate(arrived.container, app(client(), arrived.page))
    expect(complaints).toEqual([])
    await shows(arrived.container, 'one two three')
    await act(() => say('four'))
    await shows(arrived.container, 'one two three four')
  },
)

test('what comes while it hydrates is not lost, and is no mismatch', async () => {
  const { client, say, load } = setUp()
  await say('one')
  const page = await load()
  const inBrowser = client()
  const { container } = arrive(renderToString(app(client(), page)), page)
  // another part of the page reads the topic already, so that it is live by now
  const room = inBrowser.room({ id: 'a' })
  open.push(room.on('message', () => {}))
  await room.ready()
  let isHydrating = true
  function Meanwhile() {
    if (isHydrating) void say('two')
    isHydrating = false
    return null
  }
  const node = (
    <>
      {app(inBrowser, page)}
      <Meanwhile />
    </>
  )
  await hydrate(container, node)
  expect(complaints).toEqual([])
  await shows(container, 'one two')
})

test('a server that renders over a link reads with a client of its own, and lets go of it', async () => {
  const { client, say, topic, load } = setUp()
  await say('one')
  const atServer = client()
  const room = atServer.room({ id: 'a' })
  const lines: Line[] = []
  const stop = room.on('message', (line) => lines.push(line), { from: 'first' })
  const position = await room.ready()
  stop()
  const html = renderToString(app(atServer, { data: lines, position }))
  atServer.connection.close()
  expect(topic.inspect().readers).toBe(0)
  expect(html).toContain('one')
  expect(position).toBe((await load()).position)
  await say('two')
  const arrived = arrive(html, { data: lines, position })
  await hydrate(arrived.container, app(client(), arrived.page))
  expect(complaints).toEqual([])
  await shows(arrived.container, 'one two')
})

test('a page that was kept for longer than the log keeps its events says so, and mends itself', async () => {
  const { client, say, load } = setUp()
  await say('1')
  const page = await load()
  const { container } = arrive(renderToString(app(client(), page)), page)
  for (let n = 2; n <= 9; n++) await say(String(n))
  const asked: ((page: Page) => void)[] = []
  const ask = () => new Promise<Page>((resolve) => asked.push(resolve))
  await hydrate(container, app(client(), page, ask))
  await shows(container, 'gap 1 5 6 7 8 9')
  expect(complaints).toEqual([])
  for (let turn = 0; turn < 1_000 && asked.length === 0; turn++) {
    await act(() => new Promise<void>((resolve) => setImmediate(resolve)))
  }
  const mend = await load()
  await act(() => say('10'))
  await act(async () => asked[0]!(mend))
  await shows(container, '1 2 3 4 5 6 7 8 9 10')
})

test('hydration draws no more often than what is shown changes', async () => {
  const { client, say, load } = setUp()
  await say('one')
  const page = await load()
  const inBrowser = client()
  const Plain = () => <Room client={inBrowser} page={page} />
  const { container } = arrive(renderToString(<Plain />), page)
  renders = 0
  await hydrate(container, <Plain />)
  await shows(container, 'one')
  const status = inBrowser.room({ id: 'a' }).status
  for (let turn = 0; turn < 100 && status.getSnapshot().status !== 'live'; turn++) {
    await act(() => new Promise<void>((resolve) => setImmediate(resolve)))
  }
  expect(renders).toBeLessThanOrEqual(4) // idle, joining, catching-up, live
  renders = 0
  await act(() => say('two'))
  await shows(container, 'one two')
  expect(renders).toBe(1)
})

test('hydration draws nothing again of a connection that is idle, and of a list that has not come', async () => {
  const nowhere: Link = { connect: () => ({ send() {}, close() {}, buffered: () => 0 }) }
  let drawn = 0
  const parts: ((props: { of: Client }) => string)[] = [
    ({ of }) => `${++drawn} ${useConnection(of).status}`,
    ({ of }) => `${++drawn} with ${usePresence(of.lounge).length}`,
  ]
  for (const Part of parts) {
    const client = createClient(contract, { transport: nowhere })
    open.push(() => client.connection.close())
    drawn = 0
    const { container } = arrive(renderToString(<Part of={client} />), { data: [], position: '' })
    drawn = 0
    await hydrate(container, <Part of={client} />)
    expect(complaints).toEqual([])
    expect(container.textContent).toMatch(/^1 (idle|with 0)$/)
  }
})

test('a boundary that is hidden and shown again, or given up for good, neither misses nor repeats', async () => {
  const { client, say, load, topic } = setUp()
  await say('one')
  const page = await load()
  const inBrowser = client()
  let wake: () => void = () => {}
  const sleeping = new Promise<void>((resolve) => {
    wake = resolve
  })
  let isAwake = false
  let setSlow: (isSlow: boolean) => void = () => {}
  let setShown: (isShown: boolean) => void = () => {}
  function Slow() {
    const [isSlow, set] = useState(false)
    setSlow = set
    if (isSlow && !isAwake) throw sleeping // what data libraries do, in React 18 and 19
    return null
  }
  function Part() {
    const [isShown, set] = useState(true)
    setShown = set
    return (
      <Suspense fallback="...">
        {isShown ? <Room client={inBrowser} page={page} /> : null}
        <Slow />
      </Suspense>
    )
  }
  const { container } = arrive(renderToString(<Part />), page)
  await hydrate(container, <Part />)
  await shows(container, 'one')
  await act(async () => setSlow(true))
  expect(container.textContent).toContain('...')
  await act(() => say('two'))
  isAwake = true
  await act(async () => wake())
  await shows(container, 'one two')
  await act(async () => setShown(false))
  await act(() => say('three'))
  await act(async () => setShown(true))
  await shows(container, 'one two three') // from the page's own position again
  expect(topic.inspect().readers).toBe(1)
})

test('two parts of a page never show two states, in a transition that is under way either', async () => {
  const { client, say, load } = setUp()
  const page = await load()
  const inBrowser = client()
  const seen: string[][] = []
  let set: (n: number) => void = () => {}
  const room = inBrowser.room({ id: 'a' })
  const options = { ...page, events: ['message'] as const }
  let row: string[] = []
  function Count({ state }: { state: readonly Line[] }) {
    row.push(String(state.length))
    return null
  }
  function Whole() {
    const [n, next] = useState(0)
    set = next
    const { state } = useChannel(room, append(50), options)
    row = []
    seen.push(row)
    return (
      <p>
        {Array.from({ length: 5 }, (_, i) => (
          <Count key={i} state={state} />
        ))}
        {n} {state.length}
      </p>
    )
  }
  const { container } = arrive(renderToString(<Whole />), page)
  await hydrate(container, <Whole />)
  await act(async () => {
    startTransition(() => set(1))
    await say('one')
    startTransition(() => set(2))
    await say('two')
  })
  await shows(container, '2 2')
  expect(seen.filter((counts) => new Set(counts).size > 1)).toEqual([])
})
