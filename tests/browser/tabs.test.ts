import { expect, onTestFinished, test } from 'vitest'
import { describeInChromium, oneBrowser } from './chromium.js'
import { startSite } from './site.js'
import { visit } from './visit.js'

const rooms = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

describeInChromium('the tabs of one browser', () => {
  const browser = oneBrowser()

  test('have one connection each, however many channels they read', async () => {
    const site = await startSite()
    onTestFinished(site.stop)
    const context = await browser().newContext()
    onTestFinished(() => context.close())
    const readRooms = (ids: string[]) => Promise.all(ids.map((id) => window.fixture.readRoom(id)))
    const sayInEach = (ids: string[]) =>
      Promise.all(ids.map((id) => window.fixture.say(id, `${id} from ${window.fixture.name}`)))

    const tab = await visit(context, `${site.url}?name=one`)
    await tab.evaluate(readRooms, rooms)
    await tab.evaluate(sayInEach, rooms)
    expect(site.seen).toMatchObject({ upgrades: 1, sockets: 1, responses: 0 })

    const other = await visit(context, `${site.url}?name=two`)
    await other.evaluate(readRooms, rooms)
    await other.evaluate(sayInEach, rooms)
    await tab.evaluate(sayInEach, rooms)
    expect(site.seen).toMatchObject({ upgrades: 2, sockets: 2, responses: 0 })
    const messages = async (page: typeof tab, count: number) => {
      const got = await page.waitForFunction((wanted) => {
        const all = [...window.fixture.messages]
        return all.every(([, list]) => list.length >= wanted) && all
      }, count)
      return new Map((await got.jsonValue()) as [string, string[]][])
    }
    const seenByOne = await messages(tab, 3)
    const seenByTwo = await messages(other, 2)
    for (const id of rooms) {
      expect(seenByOne.get(id)).toEqual([`${id} from one`, `${id} from two`, `${id} from one`])
      expect(seenByTwo.get(id)).toEqual([`${id} from two`, `${id} from one`])
    }

    // one tab goes; the other does not notice
    await other.close()
    await tab.evaluate(sayInEach, rooms)
    await messages(tab, 4)
    expect(site.seen).toMatchObject({ upgrades: 2, sockets: 2 })
  })
})
