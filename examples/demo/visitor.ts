/** The page for one request: drawn for its visitor, of whom the cookies tell, and its room, which the address names. */
import { load } from './load.js'
import { cookie, cookieOf } from './page/memory.js'
import { nameKey, pickName, trimmed } from './page/name.js'
import { themeKey, themeOf } from './page/theme.js'
import { roomIdOf } from './page/use-room-id.js'
import type { Page } from './page.js'

/** Answers 404, with the page all the same, where there is no such room. */
export async function respondToVisitor(request: Request, page: Page): Promise<Response> {
  const url = new URL(request.url)
  const cookies = request.headers.get('cookie') ?? ''
  const known = trimmed(cookieOf(cookies, nameKey) ?? '')
  const name = known || pickName()
  const loaded = {
    ...(await load(roomIdOf(url.searchParams))),
    name,
    theme: themeOf(cookieOf(cookies, themeKey)),
    server: url.protocol === 'http:' ? url.host : url.origin, // without a scheme curl takes http
  }
  const response = page.draw(loaded, loaded.messages ? 200 : 404)
  if (!known) response.headers.append('set-cookie', cookie(nameKey, name))
  return response
}
