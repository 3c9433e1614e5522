import { useEffect, useState } from 'react'
import type { Line, Program } from './promise.js'

const db: Line[] = []
const readers = new Set<ReadableStreamDefaultController>()

// #region server
export const loader = () => ({ lines: db.slice(-50) })

export function write(line: Line) {
  db.push(line)
  for (const reader of readers) reader.enqueue(`data: ${JSON.stringify(line)}\n\n`)
}
// #endregion

// #region client
export function Lines({ loaded }: { loaded: { lines: Line[] } }) {
  const [lines, setLines] = useState(loaded.lines)

  useEffect(() => {
    const source = new EventSource('/api/lines')
    source.onmessage = (event) => setLines((before) => [...before, JSON.parse(event.data)])
    return () => source.close()
  }, [])

  return (
    <ul>
      {lines.map(({ n }) => (
        <li key={n}>{n}</li>
      ))}
    </ul>
  )
}
// #endregion

function GET(request: Request): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(':\n\n')
      readers.add(controller)
      request.signal.addEventListener('abort', () => readers.delete(controller))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

export function start(): Program & AsyncDisposable {
  const server = Bun.serve({ port: 0, fetch: GET })
  return {
    url: server.url.href,
    write,
    loader,
    Lines,
    readers: () => readers.size,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
