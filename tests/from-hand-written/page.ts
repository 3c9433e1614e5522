/**
 * A page with React on it, in this process: what a browser has and Bun has not comes from happy-dom, while `fetch` and
 * `WebSocket` stay Bun's own, so that what the page does goes over real sockets. One page at a time.
 */
import { Window } from 'happy-dom'
import type { ReactNode } from 'react'
import { replaceGlobals } from './globals.js'
import { HurriedEventSource } from './hurried-event-source.js'

export interface Page extends AsyncDisposable {
  /** The texts of what the page lists. */
  items(): string[]
  text(): string
  unmount(): Promise<void>
}

export interface Visit extends Disposable {
  /** Every `EventSource` that the page made, in order. */
  readonly sources: readonly HurriedEventSource[]
  /** The newest of them is open, where the page uses any: Strict Mode makes one, closes it, and makes the next. */
  isListening(): boolean
}

/** What a page sees of the world, and Bun has not, or has otherwise. */
export function visit(url: string | URL): Visit {
  const sources: HurriedEventSource[] = []
  const window = new Window({ url: String(url) })
  const { fetch: real } = globalThis
  const globals: Record<string, unknown> = {
    window,
    document: window.document,
    location: window.location,
    fetch: (address: string, init?: RequestInit) => real(new URL(address, url), init),
    EventSource: class extends HurriedEventSource {
      constructor(address: string) {
        super(new URL(address, url))
        sources.push(this)
      }
    },
  }
  const isListening = (): boolean => sources.length === 0 || sources.at(-1)?.readyState === 1
  return { ...replaceGlobals(globals), sources, isListening }
}

/** Shows this on the page. Only where somebody `visit`s one. */
export async function show(node: ReactNode): Promise<Page> {
  const { createRoot } = await import('react-dom/client')
  const container = document.createElement('div')
  const root = createRoot(container)
  const unmount = async (): Promise<void> => {
    root.unmount()
    await drawn() // effects end after that
  }
  root.render(node)
  await drawn()
  return {
    items: () => [...container.querySelectorAll('li')].map(({ textContent }) => textContent ?? ''),
    text: () => container.textContent ?? '',
    unmount,
    [Symbol.asyncDispose]: unmount,
  }
}

/** Lets React draw what it has to: its scheduler goes by turns of the loop, not by time. */
export async function drawn(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
