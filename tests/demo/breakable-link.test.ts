import type { Link, LinkEvents } from '@parley/shared'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { breakable } from '../../examples/demo/page/breakable-link.js'
import { setLink, underway } from '../../examples/demo/page/link.js'

/** A network of one connection, and what the client above the link heard and did. */
function network() {
  const below: { events: LinkEvents | undefined; readonly log: string[] } = { events: undefined, log: [] }
  const inner: Link = {
    connect(events) {
      below.events = events
      below.log.push('connect')
      return {
        send: (data) => below.log.push(`send ${data}`),
        close: (code) => below.log.push(`close ${code}`),
        buffered: () => 7,
      }
    },
  }
  const heard: string[] = []
  const connect = () =>
    breakable(inner).connect({
      opened: () => heard.push('opened'),
      received: (data) => heard.push(String(data)),
      closed: (code) => heard.push(`closed ${code}`),
    })
  return { below, heard, connect }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  setLink({ cut: false, silent: false, slow: false })
  vi.useRealTimers()
})

describe('the link of the page', () => {
  test('passes everything on, both ways, while nobody touches the switches', () => {
    const { below, heard, connect } = network()
    const end = connect()
    below.events?.opened()
    below.events?.received('a')
    end.send('b')
    expect(end.buffered()).toBe(7)
    below.events?.closed(4100, '')
    expect(heard).toEqual(['opened', 'a', 'closed 4100'])
    expect(below.log).toEqual(['connect', 'send b'])
  })

  test('breaks off at once when it is cut, and what was on its way is gone', () => {
    const { below, heard, connect } = network()
    connect()
    below.events?.opened()
    setLink({ slow: true })
    below.events?.received('on its way')
    setLink({ cut: true })
    expect(heard).toEqual(['opened', 'closed 1006'])
    expect(below.log).toEqual(['connect', 'close 4001'])
    vi.runAllTimers()
    expect(heard).toEqual(['opened', 'closed 1006'])
  })

  test('refuses every attempt while it is cut, and lets the next one through afterwards', async () => {
    const { below, heard, connect } = network()
    setLink({ cut: true })
    connect()
    await Promise.resolve()
    expect(heard).toEqual(['closed 1006'])
    expect(below.log).toEqual([])
    setLink({ cut: false })
    connect()
    expect(below.log).toEqual(['connect'])
  })

  test('takes its time over each frame when it is slow, both ways, in order, one at a time, and hands over the rest when it is no longer', () => {
    const { below, heard, connect } = network()
    setLink({ slow: true })
    const end = connect()
    below.events?.opened()
    end.send('hello')
    expect(below.log).toEqual(['connect'])
    for (const data of ['a', 'b', 'c']) below.events?.received(data)
    expect(underway.getSnapshot()).toEqual({ toServer: 1, toPage: 3 })
    vi.advanceTimersByTime(1_499)
    expect(heard).toEqual(['opened'])
    vi.advanceTimersByTime(1)
    expect(heard).toEqual(['opened', 'a'])
    expect(below.log).toEqual(['connect', 'send hello'])
    vi.advanceTimersByTime(59)
    expect(heard).toEqual(['opened', 'a'])
    vi.advanceTimersByTime(1)
    expect(heard).toEqual(['opened', 'a', 'b'])
    end.send('bye')
    setLink({ slow: false })
    below.events?.received('d')
    expect(heard).toEqual(['opened', 'a', 'b', 'c', 'd'])
    expect(below.log).toEqual(['connect', 'send hello', 'send bye'])
    expect(underway.getSnapshot()).toEqual({ toServer: 0, toPage: 0 })
  })

  test('passes on what is told while it is silent only afterwards, in order, and no end meanwhile', () => {
    const { below, heard, connect } = network()
    const end = connect()
    below.events?.opened()
    setLink({ silent: true })
    below.events?.received('a')
    below.events?.received('b')
    end.send('c')
    below.events?.closed(4100, '')
    vi.advanceTimersByTime(600_000)
    expect(heard).toEqual(['opened'])
    expect(below.log).toEqual(['connect'])
    setLink({ silent: false })
    expect(heard).toEqual(['opened', 'a', 'b', 'closed 4100'])
    expect(below.log).toEqual(['connect', 'send c'])
  })

  test('is given up by the client while it is silent: the server hears of that afterwards, and of an attempt that waits', () => {
    const { below, heard, connect } = network()
    const end = connect()
    below.events?.opened()
    setLink({ silent: true })
    end.send('ping')
    below.events?.received('never heard')
    end.close(4001, '')
    expect(underway.getSnapshot()).toEqual({ toServer: 1, toPage: 0 })
    connect().close(4001, '') // an attempt that is given up leaves nothing
    connect()
    expect(below.log).toEqual(['connect'])
    setLink({ silent: false })
    expect(below.log).toEqual(['connect', 'send ping', 'close 4001', 'connect'])
    below.events?.opened()
    expect(heard).toEqual(['opened', 'opened'])
  })

  test('holds nothing back for an attempt, or a connection, that is cut while it is silent', () => {
    const { below, heard, connect } = network()
    const end = connect()
    below.events?.opened()
    setLink({ silent: true })
    end.send('a')
    connect()
    setLink({ cut: true })
    expect(heard).toEqual(['opened', 'closed 1006', 'closed 1006'])
    expect(below.log).toEqual(['connect', 'close 4001'])
    setLink({ cut: false, silent: false })
    expect(below.log).toEqual(['connect', 'close 4001'])
    expect(underway.getSnapshot()).toEqual({ toServer: 0, toPage: 0 })
  })

  test('has nothing more to say once the client has let go', () => {
    const { below, heard, connect } = network()
    const end = connect()
    end.close(1000, '')
    setLink({ cut: true })
    expect(heard).toEqual([])
    expect(below.log).toEqual(['connect', 'close 1000'])
  })
})
