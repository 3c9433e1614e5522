// @vitest-environment happy-dom
import { act, Component, type ReactNode, StrictMode } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { append, useChannel } from '../../src/react.js'
import { event, gap, live, ready } from '../transports/scripted-fetch.js'
import { mount, scripted } from './mount.js'

type Feed = ReturnType<typeof scripted>['feed']

const message = (n: number, id = `m${n}`) => event('message', { id, text: `${n}` }, `e-${n}`)
const list = (items: readonly { readonly text: string }[]) => items.map(({ text }) => text).join(' ')

let renders = 0
function List({ feed, data = [] }: { feed: Feed; data?: { id: string; text: string }[] }) {
  renders++
  const { state, status, gap, code } = useChannel(feed, append(3), {
    data,
    events: ['message'],
    from: 'first',
  })
  return `${status}${code ? ` ${code}` : ''}${gap ? ` ${gap.reason}` : ''}: ${list(state)}`
}

test('it shows the first state, then what its reducer makes of the events, then the status', async () => {
  const { feed, script, open, send } = scripted()
  const { text } = await mount(<List feed={feed} data={[{ id: 'm0', text: '0' }]} />)
  expect(text()).toBe('joining: 0')
  expect(script.last.url.searchParams.get('from')).toBe('first')
  await open(ready('e-0') + message(1))
  expect(text()).toBe('catching-up: 0 1')
  await send(live('e-1'))
  expect(text()).toBe('live: 0 1')
  await send(message(2) + message(3) + message(4))
  expect(text()).toBe('live: 2 3 4')
})

test('a gap and a refusal are shown', async () => {
  const { feed, open, send } = scripted()
  const { text } = await mount(<List feed={feed} />)
  await open(ready('e-0') + live('e-0') + message(1) + gap('e-1', 'e-9'))
  expect(text()).toBe('live trimmed: 1')
  await send('event: parley.end\ndata: {"code":"FORBIDDEN","message":"no"}\n\n')
  expect(text()).toBe('refused FORBIDDEN trimmed: 1')
})

test('nothing is drawn for what changes nothing: other events, heartbeats, a reducer that gives its state back', async () => {
  const { feed, open, send } = scripted()
  await mount(<List feed={feed} />)
  await open(ready('e-0') + live('e-0') + message(1))
  renders = 0
  await send(event('left', { name: 'ann' }, 'e-2') + event('typing', 'bob'))
  await send(':\n\n')
  expect(renders).toBe(0)
  await send(message(3) + message(4) + message(5))
  expect(renders).toBe(1)
})

test('Strict Mode makes no second request, no leave and no hole', async () => {
  const { feed, script, open, send, advance } = scripted()
  const { text, unmount } = await mount(
    <StrictMode>
      <List feed={feed} />
    </StrictMode>,
  )
  await open(ready('e-0') + message(1) + live('e-1') + message(2))
  await advance(5_000)
  await send(message(3))
  expect(text()).toBe('live: 1 2 3')
  expect(script.requests).toHaveLength(1)
  expect(script.last.isGone).toBe(false)
  await unmount()
  await advance(999)
  expect(script.last.isGone).toBe(false)
  await advance(1)
  expect(script.last.isGone).toBe(true)
})

test('a reader that is taken up again goes on from where it was', async () => {
  const { createChannelStore } = await import('../../src/react/channel-store.js')
  const { feed, script, open, send, clock, advance } = scripted()
  const store = createChannelStore<unknown[]>({
    channel: feed as never,
    reduce: (all, { data }) => [...all, (data as { text: string }).text],
    data: [],
    from: undefined,
    events: ['message'],
    key: undefined,
    load: () => undefined,
  })
  const shown = () => {
    const { shown: now } = store.getSnapshot() as { shown: { state: unknown[] } }
    return now.state
  }
  const stop = store.subscribe(() => {})
  await open(ready('e-7') + live('e-7'))
  stop()
  await send(message(8)) // nobody listens, and the stream is still there
  await advance(60_000)
  expect(script.last.isGone).toBe(true)
  store.subscribe(() => {})
  await clock.settle()
  expect(script.last.url.searchParams.get('from')).toBe('e-7')
  await open(ready('e-7') + message(8) + message(9) + live('e-9'))
  expect(shown()).toEqual(['8', '9'])
})

test('two hooks share one stream, and each begins where it wants to', async () => {
  const { feed, script, open, send } = scripted()
  const Two = () => (
    <>
      <List feed={feed} />|<List feed={feed} data={[{ id: 'm0', text: 'x' }]} />
    </>
  )
  const { text } = await mount(<Two />)
  await open(ready('e-0') + message(1) + live('e-1'))
  await send(message(2))
  expect(text()).toBe('live: 1 2|live: x 1 2')
  expect(script.requests).toHaveLength(1)
})

test('another topic starts from its own data, and the old one is left', async () => {
  const one = scripted()
  const two = scripted()
  const { text, render } = await mount(<List feed={one.feed} />)
  await one.open(ready('e-0') + live('e-0') + message(1))
  await render(<List feed={two.feed} data={[{ id: 'm0', text: 'new' }]} />)
  expect(text()).toBe('joining: new')
  await one.send(message(2))
  expect(text()).toBe('joining: new')
  await two.open(ready('f-0') + live('f-0') + event('message', { id: 'z', text: 'z' }, 'f-1'))
  expect(text()).toBe('live: new z')
  await one.advance(1_000)
  expect(one.script.last.isGone).toBe(true)
})

test('options are read once, and the reducer of the last render is used', async () => {
  const { feed, script, open, send } = scripted()
  function Sum({ factor, from }: { factor: number; from: number }) {
    const { state } = useChannel(feed, (sum, { data }) => sum + factor * Number(data.text), {
      data: 0,
      from: { last: from },
      events: ['message'],
    })
    return state
  }
  const { text, render } = await mount(<Sum factor={1} from={5} />)
  await open(ready('e-0') + live('e-0') + message(1))
  await render(<Sum factor={10} from={500} />)
  await send(message(2))
  expect(text()).toBe('21')
  expect(script.requests).toHaveLength(1)
})

test('an event whose key is known is dropped, be it from the data or from an earlier event', async () => {
  const { feed, open, send } = scripted()
  function Keyed() {
    const { state } = useChannel(feed, append(9), {
      data: [{ id: 'a', text: 'A' }],
      position: 'e-0',
      events: ['message'],
      key: ({ id }) => id,
    })
    return list(state)
  }
  const { text } = await mount(<Keyed />)
  await open(ready('e-0') + message(1, 'a') + message(2, 'b') + live('e-2'))
  await send(message(3, 'b') + message(4, 'c'))
  expect(text()).toBe('A 2 4')
})

test('`append` drops by a key of its own, and keeps the last of the list', () => {
  const add = append(2, ({ id }: { id: number }) => id)
  const items = [{ id: 1 }, { id: 2 }]
  expect(add(items, { data: { id: 2 } })).toBe(items)
  expect(add(items, { data: { id: 3 } })).toEqual([{ id: 2 }, { id: 3 }])
})

test('`append` of nothing, which would keep everything, is refused', () => {
  for (const limit of [0, -1, Number.NaN]) expect(() => append(limit)).toThrow(/no limit/)
})

const fault = (what: string) => (): never => {
  throw new Error(what)
}

test.each([
  ['a reducer', { reduce: fault('broken'), key: undefined }],
  ['`key`', { reduce: (state: string) => state, key: fault('broken') }],
])('what %s throws comes to the error boundary', async (_, { reduce, key }) => {
  const { feed, open } = scripted()
  class Boundary extends Component<{ children: ReactNode }, { message?: string }> {
    override state: { message?: string } = {}
    static getDerivedStateFromError(error: Error) {
      return { message: error.message }
    }
    override render() {
      return this.state.message ?? this.props.children
    }
  }
  function Broken() {
    return useChannel(feed, reduce, { data: 'fine', key }).state
  }
  const complain = console.error
  console.error = () => {}
  try {
    const { text } = await mount(
      <Boundary>
        <Broken />
      </Boundary>,
    )
    expect(text()).toBe('fine')
    await open(ready('e-0') + live('e-0') + message(1))
    expect(text()).toBe('broken')
  } finally {
    console.error = complain
  }
})

test('a server opens nothing, and the page that comes from it goes on without a mismatch', async () => {
  const { feed, script, clock, open } = scripted()
  const page = <List feed={feed} data={[{ id: 'm0', text: '0' }]} />
  const html = renderToString(page)
  await clock.advance(10_000)
  expect(html).toBe('idle: 0')
  expect(script.requests).toHaveLength(0)
  // by the time of hydration another part of the page has made the topic live
  feed.on('left', () => {})
  await open(ready('e-0') + live('e-0'))
  const mismatches: unknown[] = []
  const container = document.createElement('div')
  container.innerHTML = html
  await act(async () => {
    hydrateRoot(container, page, { onRecoverableError: (error) => mismatches.push(error) })
  })
  expect(container.textContent).toBe('live: 0')
  expect(mismatches).toEqual([])
})
