// @vitest-environment happy-dom
import { ParleyError } from '@parley/shared'
import { act } from 'react'
import { expect, test } from 'vitest'
import type { ChannelHandleOf } from '../../src/index.js'
import { useSend } from '../../src/react.js'
import type { contract } from './contract.js'
import { mount } from './mount.js'

type Room = ChannelHandleOf<(typeof contract)['tree']['room']>
type Sender = Pick<Room, 'send'>

/** A room whose server is the test: each send waits until it is answered. */
function scriptedRoom() {
  const sent: {
    args: unknown[]
    ok: (value: unknown) => Promise<void>
    fail: (code: string) => Promise<void>
  }[] = []
  const send = (...args: unknown[]) => {
    if (args[0] === 'wave') {
      sent.push({ args, ok: async () => {}, fail: async () => {} })
      return undefined
    }
    return new Promise((resolve, reject) => {
      sent.push({
        args,
        ok: (value) => act(async () => resolve(value)),
        fail: (code) => act(async () => reject(new ParleyError(code, 'no'))),
      })
    })
  }
  return { room: { send } as unknown as Sender, sent }
}

let renders = 0

function Say({
  room,
  onSend,
}: {
  room: Sender
  onSend: (send: (text: string) => Promise<{ id: string }>) => void
}) {
  renders++
  const { send, pending, error } = useSend(room, 'say')
  onSend((text) => send({ text }))
  return `${pending ? 'pending' : 'idle'} ${error?.code ?? ''}`
}

async function setUp() {
  const { room, sent } = scriptedRoom()
  let send: (text: string) => Promise<{ id: string }> = () => Promise.reject(new Error('not mounted'))
  const onSend = (next: typeof send): void => {
    send = next
  }
  const mounted = await mount(<Say room={room} onSend={onSend} />)
  const start = async (text: string) => {
    let answer: Promise<unknown> | undefined
    await act(async () => {
      answer = send(text)
    })
    return { answer } // as it is: awaiting it would wait for the server
  }
  return { ...mounted, room, sent, start, onSend }
}

test('it is pending until the answer comes, which its promise has', async () => {
  const { text, sent, start } = await setUp()
  expect(text()).toBe('idle ')
  const { answer } = await start('hello')
  expect(text()).toBe('pending ')
  expect(sent[0]?.args).toEqual(['say', { text: 'hello' }])
  await sent[0]?.ok({ id: '7' })
  expect(text()).toBe('idle ')
  expect(await answer).toEqual({ id: '7' })
})

test('a failure is shown until the next send, and its promise may be ignored', async () => {
  const { text, sent, start } = await setUp()
  await start('one')
  await sent[0]?.fail('MUTED')
  expect(text()).toBe('idle MUTED')
  await start('two')
  expect(text()).toBe('pending ')
  await sent[1]?.ok({ id: '2' })
  expect(text()).toBe('idle ')
})

test('it is pending as long as anything is, and the error is that of the newest send', async () => {
  const { text, sent, start } = await setUp()
  await start('one')
  await start('two')
  await sent[1]?.fail('MUTED')
  expect(text()).toBe('pending MUTED')
  await sent[0]?.fail('OUTBOX_FULL')
  expect(text()).toBe('idle MUTED')
})

test('it is drawn only when what it shows changes', async () => {
  const { sent, start } = await setUp()
  renders = 0
  await start('one')
  await start('two')
  expect(renders).toBe(1)
  await sent[0]?.ok({ id: '1' })
  expect(renders).toBe(1)
  await sent[1]?.ok({ id: '2' })
  expect(renders).toBe(2)
})

test('another topic begins with nothing pending', async () => {
  const { text, render, start, onSend } = await setUp()
  await start('one')
  const other = scriptedRoom()
  await render(<Say room={other.room} onSend={onSend} />)
  expect(text()).toBe('idle ')
  await start('two')
  expect(other.sent).toHaveLength(1)
})

test('a volatile message is never pending', async () => {
  const { room, sent } = scriptedRoom()
  let wave: (() => void) | undefined
  function Wave() {
    const { send, pending } = useSend(room, 'wave')
    wave = () => send('hi')
    return String(pending)
  }
  const { text } = await mount(<Wave />)
  await act(async () => wave?.())
  expect(sent.map(({ args }) => args)).toEqual([['wave', 'hi']])
  expect(text()).toBe('false')
})

test('a send outlives its component: its promise has the answer, and nobody is drawn', async () => {
  const { room, sent } = scriptedRoom()
  let send: (text: string) => Promise<{ id: string }> = () => Promise.reject(new Error('not mounted'))
  const mounted = await mount(
    <Say
      room={room}
      onSend={(next) => {
        send = next
      }}
    />,
  )
  let answer: Promise<unknown> | undefined
  await act(async () => {
    answer = send('hi')
  })
  await mounted.unmount()
  renders = 0
  await sent[0]!.ok({ id: 'm1' })
  expect(await answer).toEqual({ id: 'm1' })
  expect(renders).toBe(0)
})
