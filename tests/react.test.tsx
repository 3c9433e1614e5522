// @vitest-environment happy-dom
/** The hooks over a whole client, with a router at the other end of its link. */
import { createClient } from '@parley/client'
import {
  append,
  ParleyProvider,
  useChannel,
  useConnection,
  useEvent,
  usePresence,
  useSend,
} from '@parley/client/react'
import { createHub, createRouter } from '@parley/server'
import { call, channel, defineContract } from '@parley/shared'
import { act, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

const contract = defineContract({
  room: channel({
    params: z.object({ id: z.string() }),
    events: { message: z.object({ id: z.number(), text: z.string() }) },
    messages: {
      say: call({
        input: z.object({ text: z.string() }),
        output: z.object({ id: z.number() }),
        errors: { MUTED: z.object({ minutes: z.number() }) },
      }),
    },
  }),
  lounge: channel({ events: { message: z.string() }, presence: z.object({ name: z.string() }) }),
})

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

function setUp() {
  const joins: string[] = []
  let ids = 0
  const hub = createHub(contract, { context: (): { name?: string } => ({}), identify: ({ name }) => name })
  const router = createRouter(hub, {
    room: {
      join: ({ params }) => {
        joins.push(params.id)
        return params.id !== 'secret'
      },
      messages: {
        say: async ({ input, emit, errors }) => {
          if (input.text === 'shout') throw errors.MUTED({ minutes: 5 })
          const id = ++ids
          await emit('message', { id, text: input.text })
          return { id }
        },
      },
    },
    lounge: { join: () => true, presence: ({ context }) => ({ name: context.name ?? 'nobody' }) },
  })
  const client = createClient(contract, { transport: router.link({ context: { name: 'ann' } }) })
  open.push(
    () => hub.close(),
    () => client.connection.close(),
  )
  return { hub, router, client, joins }
}

type Client = ReturnType<typeof setUp>['client']

const actions: { say?: (text: string) => Promise<unknown> } = {}
const heard: string[] = []

function Room({ client, id }: { client: Client; id: string }) {
  const room = client.room({ id })
  const { status: connection } = useConnection()
  const { state, status, code } = useChannel(room, append(50), {
    data: [] as { id: number; text: string }[],
    from: 'first',
    events: ['message'],
    key: (item) => item.id,
  })
  const { send, error } = useSend(room, 'say')
  useEvent(room, 'message', ({ text }) => heard.push(text))
  actions.say = (text) => send({ text })
  const failed = error?.code === 'MUTED' ? ` muted for ${error.data.minutes}` : ''
  return `${connection} ${id} ${code ?? status}: ${state.map(({ text }) => text).join(' ')}${failed}`
}

const page = (client: Client, id: string) => (
  <StrictMode>
    <ParleyProvider client={client}>
      <Room client={client} id={id} />
    </ParleyProvider>
  </StrictMode>
)

/** Lets everything happen until the page shows this: no time is waited for, only turns of the loop. */
async function shows(container: Element, text: string): Promise<void> {
  for (let turn = 0; turn < 1_000 && container.textContent !== text; turn++) {
    await act(() => new Promise<void>((resolve) => setImmediate(resolve)))
  }
  expect(container.textContent).toBe(text)
}

async function mount(client: Client, id: string) {
  const container = document.createElement('div')
  const root = createRoot(container)
  const render = (next: string) => act(async () => root.render(page(client, next)))
  await render(id)
  open.push(() => act(async () => root.unmount()))
  return { container, render }
}

test('a room in Strict Mode joins once, and shows each message once, sent here or elsewhere', async () => {
  const { hub, client, joins } = setUp()
  heard.length = 0
  await hub.channel.room({ id: 'a' }).emit('message', { id: -1, text: 'before' })
  const { container } = await mount(client, 'a')
  await shows(container, 'open a live: before')
  await act(async () => {
    expect(await actions.say?.('mine')).toEqual({ id: 1 })
  })
  await act(async () => {
    await hub.channel.room({ id: 'a' }).emit('message', { id: 2, text: 'theirs' })
  })
  await shows(container, 'open a live: before mine theirs')
  expect(heard).toEqual(['mine', 'theirs'])
  expect(joins).toEqual(['a'])
})

test('a declared error of a message is shown, typed', async () => {
  const { client } = setUp()
  const { container } = await mount(client, 'a')
  await shows(container, 'open a live: ')
  await act(async () => {
    await actions.say?.('shout').catch(() => {}) // shown by the page
  })
  await shows(container, 'open a live:  muted for 5')
})

test('another room takes the place of the first, with nothing of it left', async () => {
  const { hub, client } = setUp()
  for (const id of ['a', 'b']) await hub.channel.room({ id }).emit('message', { id: 1, text: `in ${id}` })
  const { container, render } = await mount(client, 'a')
  await shows(container, 'open a live: in a')
  await render('b')
  await shows(container, 'open b live: in b')
  await act(async () => {
    await hub.channel.room({ id: 'a' }).emit('message', { id: 2, text: 'late' })
    await hub.channel.room({ id: 'b' }).emit('message', { id: 2, text: 'more' })
  })
  await shows(container, 'open b live: in b more')
})

test('a cut is survived without a hole or a repeat', async () => {
  const { hub, client } = setUp()
  const { container } = await mount(client, 'a')
  await shows(container, 'open a live: ')
  await act(async () => {
    client.connection.reconnect()
    for (const id of [1, 2, 3]) await hub.channel.room({ id: 'a' }).emit('message', { id, text: String(id) })
  })
  await act(async () => {
    await client.room({ id: 'a' }).ready()
  })
  await shows(container, 'open a live: 1 2 3')
})

test('a room that one may not read says so', async () => {
  const { client } = setUp()
  const { container } = await mount(client, 'secret')
  await shows(container, 'open secret FORBIDDEN: ')
})

test('rendering on a server opens nothing', async () => {
  const { router, client, joins } = setUp()
  expect(renderToString(page(client, 'a'))).toBe('idle a idle: ')
  await new Promise<void>((resolve) => setImmediate(resolve))
  expect(client.connection.getSnapshot()).toEqual({ status: 'idle' })
  expect(joins).toEqual([])
  expect(router.inspect().sessions).toBe(0)
})

test('who is present is shown, and this page with them, as long as it is shown', async () => {
  const { hub, router, client } = setUp()
  function Lounge() {
    const members = usePresence(client.lounge)
    return members.map(({ entries }) => entries[0]!.state.name).join(' and ') || 'nobody'
  }
  expect(renderToString(<Lounge />)).toBe('nobody')
  const container = document.createElement('div')
  const root = createRoot(container)
  await act(async () =>
    root.render(
      <StrictMode>
        <Lounge />
      </StrictMode>,
    ),
  )
  await shows(container, 'ann')
  const ben = createClient(contract, { transport: router.link({ context: { name: 'ben' } }) })
  open.push(() => ben.connection.close())
  ben.lounge.on('message', () => {})
  await shows(container, 'ann and ben')
  ben.connection.close()
  await shows(container, 'ann')
  await act(async () => root.unmount())
  client.connection.close()
  expect(await hub.channel.lounge.members()).toEqual([])
  expect(router.inspect().present).toBe(0)
})
