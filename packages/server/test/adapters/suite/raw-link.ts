/** A client of a fallback link that is written by hand, over a bare socket. */
import { expect, onTestFinished } from 'vitest'
import { type RawGet, rawGet } from '../../shell/raw-http.js'

export interface RawLink {
  readonly stream: RawGet
  post(...frames: unknown[][]): Promise<number>
}

/** A link whose hello was answered, as bytes. */
export async function openLink(url: string, name: string): Promise<RawLink> {
  const stream = rawGet(`${url}/link`)
  onTestFinished(() => stream.cut())
  const [, link] = /"link":"([^"]+)"/.exec(await stream.until(/parley\.link\ndata:.*\n\n/))!
  let seq = 0
  const post = async (...frames: unknown[][]): Promise<number> => {
    seq += 1
    const response = await fetch(`${url}/link`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'parley-link': link!, 'parley-seq': String(seq) },
      body: JSON.stringify(frames.map((frame) => JSON.stringify(frame))),
    })
    return response.status
  }
  expect(await post(['hello', { v: 1, contract: '0', client: name.padEnd(22, '0') }])).toBe(204)
  await stream.until(/"welcome"/)
  return { stream, post }
}

export async function subscribe({ stream, post }: RawLink): Promise<void> {
  await post(['sub', 1, 'flood', null, null])
  await stream.until(/\["live"/)
}
