import type { Link, LinkEvents } from '@parley/shared'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { breakable } from '../../examples/demo/page/breakable-link.js'
import { setLink } from '../../examples/demo/page/link.js'

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
  setLink({ cut: false, slow: false })
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

  test('keeps the order when it is slow, and hands over the rest when it is no longer', () => {
    const { below, heard, connect } = network()
    setLink({ slow: true })
    connect()
    below.events?.opened()
    vi.advanceTimersByTime(1_000)
    below.events?.received('a')
    vi.advanceTimersByTime(499)
    expect(heard).toEqual([])
    vi.advanceTimersByTime(1)
    expect(heard).toEqual(['opened'])
    below.events?.received('b')
    setLink({ slow: false })
    below.events?.received('c')
    expect(heard).toEqual(['opened', 'a', 'b', 'c'])
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
