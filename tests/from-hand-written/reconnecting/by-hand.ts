import { type BreakableLink, breakableLink, virtualClock } from '@parley/shared/testing'
import { useCallback, useEffect, useRef, useState } from 'react'
import { virtualGlobals } from '../globals.js'
import type { Program } from './promise.js'

// #region client
export function useWebSocket(url: string) {
  const [status, setStatus] = useState('connecting')
  const [messages, setMessages] = useState<unknown[]>([])
  const socket = useRef<WebSocket | null>(null)
  const failures = useRef(0)

  const connect = useCallback(() => {
    const next = new WebSocket(url)
    socket.current = next
    next.onopen = () => {
      failures.current = 0
      setStatus('open')
    }
    next.onmessage = (event) => setMessages((before) => [...before, JSON.parse(event.data)])
    next.onclose = () => {
      setStatus('closed')
      setTimeout(connect, Math.min(1_000 * 2 ** failures.current++, 30_000))
    }
  }, [url])

  useEffect(() => {
    connect()
    return () => socket.current?.close()
  }, [connect])

  const send = useCallback((data: unknown) => socket.current?.send(JSON.stringify(data)), [])
  return { status, messages, send }
}
// #endregion

export function start(): Program & AsyncDisposable {
  const clock = virtualClock()
  const heard: string[] = []
  const links = new Map<string, BreakableLink>()
  const globals = virtualGlobals((url) => links.get(url)!, clock)
  return {
    clock,
    heard,
    open() {
      const url = `/ws/${links.size}`
      const link = breakableLink(() => {
        const received = (data: string | Uint8Array) => void heard.push(JSON.parse(String(data)).text)
        return { opened: () => {}, received, closed: () => {} }
      }, clock)
      links.set(url, link)
      return {
        link,
        useChat() {
          const { status, send } = useWebSocket(url)
          return { status, say: (text) => send({ text }) }
        },
      }
    },
    [Symbol.asyncDispose]: async () => globals[Symbol.dispose](),
  }
}
