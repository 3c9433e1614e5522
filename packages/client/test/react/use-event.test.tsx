// @vitest-environment happy-dom
import * as React from 'react'
import { StrictMode, useLayoutEffect } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import type { ReadFrom } from '../../src/index.js'
import { useEvent } from '../../src/react.js'
import { event, live, ready } from '../transports/scripted-fetch.js'
import { mount, scripted } from './mount.js'

type Feed = ReturnType<typeof scripted>['feed']
interface Props {
  feed: Feed
  onText: (text: string, position: string | undefined) => void
  from?: ReadFrom
}

const message = (n: number) => event('message', { id: `m${n}`, text: `${n}` }, `e-${n}`)

function Listen({ feed, onText, from }: Props) {
  useEvent(feed, 'message', ({ text }, { position }) => onText(text, position), { from })
  return null
}

test('the listener is called with each event once, in Strict Mode too, until the component is gone', async () => {
  const { feed, script, open, send } = scripted()
  const heard: string[] = []
  const { unmount } = await mount(
    <StrictMode>
      <Listen feed={feed} onText={(text, position) => heard.push(`${text} at ${position}`)} from="first" />
    </StrictMode>,
  )
  await open(ready('e-0') + message(1) + live('e-1'))
  await send(event('left', { name: 'ann' }, 'e-2') + message(3))
  expect(heard).toEqual(['1 at e-1', '3 at e-3'])
  expect(script.requests).toHaveLength(1)
  await unmount()
  await send(message(4))
  expect(heard).toHaveLength(2)
})

test('the listener of the latest render is called, without a new reader', async () => {
  const { feed, script, open, send } = scripted()
  const heard: string[] = []
  const { render } = await mount(<Listen feed={feed} onText={(text) => heard.push(`old ${text}`)} />)
  await open(ready('e-0') + live('e-0') + message(1))
  await render(<Listen feed={feed} onText={(text) => heard.push(`new ${text}`)} from={{ last: 50 }} />)
  await send(message(2))
  expect(heard).toEqual(['old 1', 'new 2'])
  expect(script.requests).toHaveLength(1)
})

test('another topic is listened to in place of the first', async () => {
  const one = scripted()
  const two = scripted()
  const heard: string[] = []
  const onText = (text: string) => heard.push(text)
  const { render } = await mount(<Listen feed={one.feed} onText={onText} />)
  await one.open(ready('e-0') + live('e-0') + message(1))
  await render(<Listen feed={two.feed} onText={onText} />)
  await two.open(ready('e-0') + live('e-0') + message(2))
  await one.send(message(3))
  expect(heard).toEqual(['1', '2'])
})

test('an event that comes as another topic is drawn, and the first one is not left yet, goes to the listener of its own', async () => {
  const heard: string[] = []
  const listeners: ((message: { text: string }) => unknown)[] = []
  const topic = () =>
    ({
      on: (_: string, listener: (message: { text: string }) => unknown) => {
        listeners.push(listener)
        return () => {}
      },
    }) as unknown as Feed
  const [one, two] = [topic(), topic()]
  function Both({ feed, text }: { feed: Feed; text: string }) {
    useEvent(feed, 'message', (message) => heard.push(`${message.text} in ${text}`))
    // after a commit, and before its passive effects: there React may wait for a moment, and messages come
    useLayoutEffect(() => void listeners[0]?.({ text: 'one' }))
    return null
  }
  const { render } = await mount(<Both feed={one} text="one" />)
  await render(<Both feed={one} text="one, again" />)
  await render(<Both feed={two} text="two" />)
  expect(heard).toEqual(['one in one, again', 'one in one, again'])
  listeners[1]?.({ text: 'two' })
  expect(heard.at(-1)).toBe('two in two')
})

test.skipIf(process.env.REACT_MAJOR === '18').each([
  ['first', 'e-2', ['1', '2', '3']],
  ['e-0', 'e-2', ['1', '2', '3']],
  [undefined, null, ['1', '2', '3']],
] as const)(
  'a component that is hidden, and shown again, is not called twice: from %j it goes on from %j',
  async (from, next, all) => {
    const { Activity } = React // which React 18 does not have
    const { feed, script, open, advance, clock } = scripted()
    const heard: string[] = []
    const page = (mode: 'visible' | 'hidden') => (
      <Activity mode={mode}>
        <Listen feed={feed} onText={(text) => heard.push(text)} from={from} />
      </Activity>
    )
    const { render } = await mount(page('visible'))
    await open(ready('e-0') + message(1) + live('e-1') + message(2))
    expect(heard).toEqual(['1', '2'])
    await render(page('hidden'))
    await advance(60_000)
    expect(script.last.isGone).toBe(true)
    await render(page('visible'))
    await clock.settle()
    expect(script.last.url.searchParams.get('from')).toBe(next)
    await open(ready('e-2') + live('e-2') + message(3))
    expect(heard).toEqual(all)
  },
)

test('a server opens nothing', async () => {
  const { feed, script, clock } = scripted()
  renderToString(<Listen feed={feed} onText={() => {}} from="first" />)
  await clock.advance(5_000)
  expect(script.requests).toHaveLength(0)
})
