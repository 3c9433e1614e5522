/** Faults of ereo's rpc package, as promises that are kept here. */
import { expect, test } from 'vitest'
import { outcome, world } from './world.js'

// ereo, `pendingSubscriptions`: what was asked for before the first connection was forgotten when that failed
test('what is read and asked for before a first connection that fails is there once there is one', async () => {
  const { clock, connect, emit } = world()
  const { client, link } = connect()
  link.refuse(true)
  const seen: number[] = []
  client.ticks.on('tick', ({ n }) => seen.push(n))
  const paid = client.pay({ n: 1 })
  await clock.advance(5_000)
  link.refuse(false)
  await clock.runUntil(() => client.ticks.status.getSnapshot().status === 'live')
  await emit(1)
  await clock.advance(0)
  expect(seen).toEqual([1])
  expect(await paid).toEqual({ n: 1 })
})

// ereo: after 10 attempts the client was dead until somebody subscribed again
test('a server that is away for a day is found again by itself', async () => {
  const { clock, connect } = world()
  const { client, link } = connect()
  link.refuse(true)
  client.ticks.on('tick', () => {})
  await clock.advance(24 * 3_600_000)
  link.refuse(false)
  await clock.advance(31_000)
  expect(client.ticks.status.getSnapshot().status).toBe('live')
})

// ereo, `handleSubscribe`: an unsubscribe that came while middleware was asked was lost, and the subscription began
test('a topic that is left while `join` is asked is not joined when the answer comes', async () => {
  const answers: ((may: boolean) => void)[] = []
  const { clock, connect, router } = world({ join: () => new Promise((resolve) => answers.push(resolve)) })
  const { client } = connect()
  const stop = client.ticks.on('tick', () => {})
  await clock.advance(0)
  expect(answers).toHaveLength(1)
  stop()
  await clock.advance(1_000) // it lingers
  answers[0]!(true)
  await clock.advance(0)
  expect(router.inspect()).toMatchObject({ readers: 0, topics: 0 })
})

// ereo: errors lost their code on the way
test('an error keeps its code over the socket, and one that nobody declared says nothing else', async () => {
  const { clock, connect } = world({
    working: () => {
      throw new Error('the password is 1234')
    },
  })
  const { client } = connect()
  const failed = client.pay.safe({ n: 1 })
  await clock.advance(0)
  const { error } = await failed
  expect(error).toMatchObject({ code: 'INTERNAL' })
  expect(JSON.stringify([error?.message, error])).not.toContain('1234')
  const wrong = outcome(client.pay({ n: 'x' } as never))
  await clock.advance(0)
  expect(await wrong).toBe('VALIDATION')
})
