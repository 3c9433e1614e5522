/** Real React on a DOM, for the tests of the hooks. */

import type { Report } from '@parley/shared'
import { virtualClock } from '@parley/shared/testing'
import { act, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { createSubscriber } from '../../src/index.js'
import { ScriptedFetch } from '../transports/scripted-fetch.js'
import { contract } from './contract.js'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

export interface Mounted {
  readonly text: () => string
  readonly render: (node: ReactNode) => Promise<void>
  readonly unmount: () => Promise<void>
}

export async function mount(node: ReactNode): Promise<Mounted> {
  const container = document.createElement('div')
  const root = createRoot(container)
  const render = (next: ReactNode) => act(async () => root.render(next))
  await render(node)
  return {
    text: () => container.textContent ?? '',
    render,
    unmount: () => act(async () => root.unmount()),
  }
}

/** A subscriber whose server is the test. */
export function scripted(onReport: (report: Report) => unknown = () => {}) {
  const clock = virtualClock()
  const script = new ScriptedFetch()
  const feed = createSubscriber(contract, 'feed', {
    url: '/feed',
    clock,
    fetch: script.fetch,
    onReport: (report) => void onReport(report),
  })
  return {
    clock,
    script,
    feed,
    /** The server says something. */
    send: (text: string) =>
      act(async () => {
        script.last.send(text)
        await clock.settle()
      }),
    open: (text: string) =>
      act(async () => {
        await clock.settle()
        script.last.open(text)
        await clock.settle()
      }),
    advance: (ms: number) => act(async () => clock.advance(ms)),
  }
}
