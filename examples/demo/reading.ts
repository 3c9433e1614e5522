/** Reading what the log has kept: as anybody would, by a client in the same process. */
import { type Client, createClient, type ReadingHalf, type TopicEventOf } from '@parley/client'
import { contract } from './contract.js'
import { router } from './router.js'

/** Events, and the position to read on from: whatever comes after it is not among them. */
export interface Kept<Event> {
  readonly events: readonly Event[]
  readonly position: string
}

/** Gives a client of the server's own, for as long as this reads. */
export async function reading<T>(
  read: (client: Client<(typeof contract)['tree']>) => Promise<T>,
): Promise<T> {
  const client = createClient(contract, { transport: router.link({ context: { name: 'The server' } }) })
  try {
    return await read(client)
  } finally {
    client.connection.close()
  }
}

/** The last events of a topic. */
export async function lastOf<Events, Times extends boolean>(
  channel: ReadingHalf<Events, Times>,
  last: number,
): Promise<Kept<TopicEventOf<Events, Times>>> {
  const events: TopicEventOf<Events, Times>[] = []
  const stop = channel.read(
    (item) => {
      if (!item.gap) events.push(item)
    },
    { from: { last } },
  )
  const position = await channel.ready()
  return { position: stop() ?? position, events }
}
