// @vitest-environment happy-dom
import { act } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import type { ConnectionState } from '../../src/index.js'
import { ParleyProvider, useConnection } from '../../src/react.js'
import { createStore } from '../../src/shell/store.js'
import { mount } from './mount.js'

function scriptedClient() {
  const connection = createStore<ConnectionState>({ status: 'open', contract: 'same' }, () => {})
  return { connection }
}

function Status({ client }: { client?: ReturnType<typeof scriptedClient> }) {
  return useConnection(client).status
}

test('it shows the connection of the provider, and follows it', async () => {
  const client = scriptedClient()
  const { text } = await mount(
    <ParleyProvider client={client}>
      <Status />
    </ParleyProvider>,
  )
  expect(text()).toBe('open')
  await act(async () => client.connection.set({ status: 'connecting' }))
  expect(text()).toBe('connecting')
})

test('a client of its own goes before that of the provider', async () => {
  const client = scriptedClient()
  client.connection.set({ status: 'connecting' })
  const { text } = await mount(
    <ParleyProvider client={scriptedClient()}>
      <Status client={client} />
    </ParleyProvider>,
  )
  expect(text()).toBe('connecting')
})

test('another client takes the place of the first, which is no longer heard', async () => {
  const [first, second] = [scriptedClient(), scriptedClient()]
  const page = (client: typeof first) => (
    <ParleyProvider client={client}>
      <Status />
    </ParleyProvider>
  )
  const { text, render } = await mount(page(first))
  second.connection.set({ status: 'connecting' })
  await render(page(second))
  expect(text()).toBe('connecting')
  await act(async () => first.connection.set({ status: 'idle' }))
  expect(text()).toBe('connecting')
  await act(async () => second.connection.set({ status: 'open', contract: 'same' }))
  expect(text()).toBe('open')
})

test('without any client it says what is missing', () => {
  expect(() => renderToString(<Status />)).toThrow(/ParleyProvider/)
})

test('a server shows that nothing is open', () => {
  expect(renderToString(<Status client={scriptedClient()} />)).toBe('idle')
})
