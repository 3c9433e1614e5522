import { expect, test } from 'vitest'
import { createStore } from '../../src/shell/store.js'

test('a listener is called for each change, and not for a value that is the same', () => {
  const store = createStore({ n: 0 }, () => {})
  const seen: number[] = []
  const stop = store.subscribe(() => seen.push(store.getSnapshot().n))
  const one = { n: 1 }
  store.set(one)
  store.set(one)
  expect(store.getSnapshot()).toBe(one)
  stop()
  store.set({ n: 2 })
  expect(seen).toEqual([1])
})

test('neither function needs its this', () => {
  const { subscribe, getSnapshot, set } = createStore(0, () => {})
  let calls = 0
  subscribe(() => {
    calls += 1
  })
  set(1)
  expect([calls, getSnapshot()]).toEqual([1, 1])
})

test('one function that listens twice is called twice, and each stop ends one', () => {
  const store = createStore(0, () => {})
  let calls = 0
  const listener = (): void => {
    calls += 1
  }
  const stop = store.subscribe(listener)
  store.subscribe(listener)
  store.set(1)
  stop()
  stop()
  store.set(2)
  expect(calls).toBe(3)
})

test('a listener that throws is told of and harms no other; one removed by another is not called', () => {
  const failures: unknown[] = []
  const store = createStore(0, (error) => failures.push(error))
  const order: string[] = []
  let removeThird = () => {}
  store.subscribe(() => {
    throw 'broken'
  })
  store.subscribe(() => {
    order.push('second')
    removeThird()
  })
  removeThird = store.subscribe(() => order.push('third'))
  store.subscribe(() => order.push('fourth'))
  store.set(1)
  expect(failures).toEqual(['broken'])
  expect(order).toEqual(['second', 'fourth'])
})
