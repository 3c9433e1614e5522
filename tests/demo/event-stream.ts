import { createParser } from 'eventsource-parser'

export interface Block {
  readonly id: string | undefined
  readonly data: unknown
}

/** Reads an SSE route until `count` events of this name have come. */
export async function firstBlocks(url: string, count: number, name: string): Promise<Block[]> {
  const end = new AbortController()
  const response = await fetch(url, { signal: end.signal })
  if (response.status !== 200 || !response.body) throw new Error(`${url} answered ${response.status}`)
  const blocks: Block[] = []
  const parser = createParser({
    onEvent({ event, id, data }) {
      if (event === name && blocks.length < count) blocks.push({ id, data: JSON.parse(data) })
    },
  })
  const decoder = new TextDecoder()
  for await (const chunk of response.body) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    if (blocks.length === count) break
  }
  end.abort()
  if (blocks.length < count) throw new Error(`${url} ended after ${blocks.length} of ${count} '${name}'`)
  return blocks
}
