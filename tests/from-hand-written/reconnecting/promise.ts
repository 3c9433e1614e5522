import type { BreakableLink, VirtualClock } from '@parley/shared/testing'
import { createElement } from 'react'
import { drawn, type Page, show, visit } from '../page.js'
import type { Promised } from '../row.js'

/** What one page has: a link of its own, and a hook that uses it. */
export interface Chat {
  readonly link: BreakableLink
  useChat(): { readonly status: string; readonly say: (text: string) => unknown }
}

export interface Program {
  readonly clock: VirtualClock
  open(): Chat
  /** What was said, as the server heard it. */
  readonly heard: readonly string[]
}

interface OpenPage {
  readonly link: BreakableLink
  readonly page: Page
  say(text: string): unknown
}

export const promised: Promised<Program> = {
  says: 'clients come back, but not all at once; a dead link is noticed, and what is sent meanwhile arrives',
  async broken({ clock, open, heard }) {
    using _ = visit('http://parley.test/')
    const wrong: string[] = []
    const pass = async (ms: number): Promise<void> => {
      await clock.advance(ms)
      await drawn()
    }
    const enter = async (): Promise<OpenPage> => {
      const { link, useChat } = open()
      let say: (text: string) => unknown = () => {}
      const Shown = () => {
        const chat = useChat()
        say = chat.say
        return chat.status
      }
      const page = await show(createElement(Shown))
      await pass(1_000)
      return { link, page, say: (text) => say(text) }
    }

    const all: Chat[] = Array.from({ length: 200 }, open)
    const Everybody = () => all.map(({ useChat }, i) => createElement(() => useChat().status, { key: i }))
    const everybody = await show(createElement(Everybody))
    const attempts = (): number => all.reduce((sum, { link }) => sum + link.counts().attempts, 0)
    await pass(15_000)
    for (const { link } of all) {
      link.refuse(true)
      link.cut()
    }
    let most = 0
    for (let at = 0; at < 3_000; at += 100) {
      const before = attempts()
      await clock.advance(100)
      most = Math.max(most, attempts() - before)
    }
    if (most > 100) wrong.push(`${most} of 200 clients came back within the same 0.1 s`)
    await everybody.unmount()

    const ann = await enter()
    ann.link.halfOpen()
    await pass(60_000)
    const status = ann.page.text()
    ann.say('is anybody there?')
    await pass(20_000)
    if (!heard.includes('is anybody there?')) {
      wrong.push(`on a link that is dead for a minute: ${status}, and what is sent is gone`)
    }

    const bob = await enter()
    bob.link.refuse(true)
    bob.link.cut()
    await pass(100)
    for (const text of ['one', 'two', 'three']) bob.say(text)
    await pass(500)
    bob.link.refuse(false)
    await pass(20_000)
    const lost = ['one', 'two', 'three'].filter((text) => !heard.includes(text))
    if (lost.length > 0) wrong.push(`sent while away, and never arrived: ${lost.join(', ')}`)

    const { attempts: before } = bob.link.counts()
    await bob.page.unmount()
    await pass(60_000)
    if (bob.link.counts().attempts > before) wrong.push('connects anew for a component that is gone')
    await ann.page.unmount()
    return wrong
  },
}
