// @vitest-environment happy-dom
import type { Report } from '@parley/shared'
import { act, StrictMode } from 'react'
import { expect, test } from 'vitest'
import { append, useChannel } from '../../src/react.js'
import { event, gap, live, ready } from '../transports/scripted-fetch.js'
import { mount, scripted } from './mount.js'

interface Item {
  id: string
  text: string
}
interface Loaded {
  data: Item[]
  position: string
}
type Feed = ReturnType<typeof scripted>['feed']

const item = (n: number): Item => ({ id: `m${n}`, text: `${n}` })
const message = (n: number) => event('message', item(n), `e-${n}`)

/** A loader whose answers the test gives. */
function loader() {
  const asked: { readonly ok: (loaded: Loaded) => Promise<void>; readonly fail: () => Promise<void> }[] = []
  const load = () =>
    new Promise<Loaded>((resolve, reject) => {
      asked.push({
        ok: (loaded) => act(async () => resolve(loaded)),
        fail: () => act(async () => reject(new Error('503'))),
      })
    })
  return { asked, load }
}

let renders = 0
function List({ feed, load }: { feed: Feed; load?: () => Promise<Loaded> }) {
  renders++
  const { state, gap } = useChannel(feed, append(9), {
    data: [item(1)],
    position: 'e-1',
    events: ['message'],
    key: ({ id }) => id,
    load,
  })
  return `${gap ? `${gap.reason}: ` : ''}${state.map(({ text }) => text).join(' ')}`
}

/** The most that "almost at once" takes. */
const soonMs = 250

async function withGap() {
  const reports: Report[] = []
  const world = scripted((report) => reports.push(report))
  const { asked, load } = loader()
  const mounted = await mount(<List feed={world.feed} load={load} />)
  await world.open(ready('e-1') + gap('e-1', 'e-5') + message(6) + live('e-6'))
  return { ...world, ...mounted, asked, load, reports }
}

test('a gap is shown, and mended: what is loaded takes the place of the state, and events after it follow', async () => {
  const { text, asked, advance, script, open, send, clock } = await withGap()
  expect(text()).toBe('trimmed: 1 6')
  expect(asked).toHaveLength(0)
  await advance(soonMs)
  expect(asked).toHaveLength(1)
  await send(message(7))
  expect(text()).toBe('trimmed: 1 6 7') // it goes on meanwhile
  await asked[0]!.ok({ data: [4, 5, 6].map(item), position: 'e-6' })
  expect(text()).toBe('4 5 6')
  expect(script.last.url.searchParams.get('from')).toBe('e-6')
  await open(ready('e-6') + message(7) + live('e-7')) // a read beside the stream, up to where that is
  expect(text()).toBe('4 5 6 7')
  await act(async () => {
    script.last.end()
    await clock.settle()
    script.requests[0]!.send(message(8))
    await clock.settle()
  })
  expect(text()).toBe('4 5 6 7 8')
  await advance(60_000)
  expect(asked).toHaveLength(1)
})

test('an event that is loaded and comes again is dropped by its key; one that was only in the old state comes', async () => {
  const { text, asked, advance, open } = await withGap()
  await advance(soonMs)
  await asked[0]!.ok({ data: [item(4), item(7)], position: 'e-4' }) // 7 was stored, and not yet emitted
  await open(ready('e-4') + message(5) + message(6))
  expect(text()).toBe('4 7 5 6')
})

test('the reader of before goes: what comes after a mend comes once, also without keys, and the last to leave lets go', async () => {
  const { feed, script, open, send, advance } = scripted()
  const { asked, load } = loader()
  function Bare() {
    const { state } = useChannel(feed, append(9), {
      data: [item(1)],
      position: 'e-1',
      events: ['message'],
      load,
    })
    return state.map(({ text }) => text).join(' ')
  }
  const { text, unmount } = await mount(<Bare />)
  await open(ready('e-1') + gap('e-1', 'e-5') + live('e-5'))
  await advance(soonMs)
  await asked[0]!.ok({ data: [item(5)], position: 'e-5' })
  await send(message(6))
  expect(text()).toBe('5 6')
  await unmount()
  await advance(1_000)
  expect(script.last.isGone).toBe(true)
})

test('a load that fails is tried again, ever later, and reported once; the gap stays until one succeeds', async () => {
  const { text, asked, advance, reports } = await withGap()
  const waited: number[] = []
  await advance(soonMs)
  for (let failures = 1; failures <= 4; failures++) {
    await asked.at(-1)!.fail()
    let ms = 0
    for (; asked.length === failures && ms < 120_000; ms += 250) await advance(250)
    waited.push(ms)
  }
  expect(waited.every((ms) => ms >= 500 && ms <= 500 + 8_000 + 250)).toBe(true)
  expect(Math.max(...waited)).toBeGreaterThan(1_500)
  expect(text()).toBe('trimmed: 1 6')
  expect(reports.map(({ kind, path }) => ({ kind, path }))).toEqual([{ kind: 'load-failed', path: 'feed' }])
  await asked.at(-1)!.ok({ data: [item(6)], position: 'e-6' })
  expect(text()).toBe('6')
})

test.each(['now', 'first', '', undefined])('a load without a position, %j, has failed', async (position) => {
  const { text, asked, advance, reports } = await withGap()
  await advance(soonMs)
  await asked[0]!.ok({ data: [], position: position as string })
  expect(text()).toBe('trimmed: 1 6')
  expect(reports.map(({ error }) => (error as { code: string }).code)).toEqual(['BAD_OPTIONS'])
})

test('a hole behind what was loaded is mended in its turn, and not at once for ever', async () => {
  const { text, asked, advance, open } = await withGap()
  await advance(soonMs)
  await asked[0]!.ok({ data: [item(2)], position: 'e-2' })
  await open(ready('e-2') + gap('e-2', 'e-5') + message(6))
  expect(text()).toBe('trimmed: 2 6')
  await advance(499) // the first was mended a moment ago
  expect(asked).toHaveLength(1)
  await advance(1_001)
  await asked[1]!.ok({ data: [item(6)], position: 'e-6' })
  expect(text()).toBe('6')
})

test('two holes are one load, while it is under way', async () => {
  const { text, asked, advance, send } = await withGap()
  await send(gap('e-6', 'e-8', 'expired'))
  await advance(soonMs)
  await send(gap('e-8', 'e-9'))
  await advance(60_000)
  expect(asked).toHaveLength(1)
  await asked[0]!.ok({ data: [item(9)], position: 'e-9' })
  expect(text()).toBe('9')
})

test('a load of before the component was hidden does not overwrite the one after, however late it comes', async () => {
  const { createChannelStore } = await import('../../src/react/channel-store.js')
  const { feed, open, advance } = scripted()
  const { asked, load } = loader()
  const store = createChannelStore<unknown>({
    channel: feed as never,
    reduce: (all) => all,
    data: 'first',
    from: 'e-1',
    events: ['message'],
    key: undefined,
    load,
  })
  const shown = () => (store.getSnapshot() as { shown: unknown }).shown
  const hide = store.subscribe(() => {})
  await open(ready('e-1') + gap('e-1', 'e-5') + live('e-5'))
  await advance(soonMs)
  hide()
  store.subscribe(() => {})
  await advance(soonMs)
  expect(asked).toHaveLength(2)
  await asked[1]!.ok({ data: 'newer' as never, position: 'e-5' })
  await asked[0]!.ok({ data: 'older' as never, position: 'e-5' })
  expect(shown()).toMatchObject({ state: 'newer', gap: undefined })
})

test('nothing is loaded for a component that is gone', async () => {
  const { asked, advance, unmount } = await withGap()
  await unmount()
  await advance(60_000)
  expect(asked).toHaveLength(0)
})

test('the loader of the latest render is asked; without one a gap stays', async () => {
  const { feed, text, render, asked, advance } = await withGap()
  const other = loader()
  await render(<List feed={feed} load={other.load} />)
  await advance(soonMs)
  expect([asked.length, other.asked.length]).toEqual([0, 1])
  const bare = scripted()
  const without = await mount(<List feed={bare.feed} />)
  await bare.open(ready('e-1') + gap('e-1', 'e-5') + live('e-5'))
  await bare.advance(60_000)
  expect(without.text()).toBe('trimmed: 1')
  expect(text()).toBe('trimmed: 1 6')
})

test('a mend is drawn once, and a failed load not at all', async () => {
  const { asked, advance } = await withGap()
  await advance(soonMs)
  renders = 0
  await asked[0]!.fail()
  await advance(1_500)
  expect(renders).toBe(0)
  await asked[1]!.ok({ data: [item(6)], position: 'e-6' })
  expect(renders).toBe(1)
})

test('Strict Mode loads once', async () => {
  const { feed, open, advance } = scripted()
  const { asked, load } = loader()
  const { text } = await mount(
    <StrictMode>
      <List feed={feed} load={load} />
    </StrictMode>,
  )
  await open(ready('e-1') + gap('e-1', 'e-5') + live('e-5'))
  await advance(60_000)
  expect(asked).toHaveLength(1)
  await asked[0]!.ok({ data: [item(5)], position: 'e-5' })
  expect(text()).toBe('5')
})
