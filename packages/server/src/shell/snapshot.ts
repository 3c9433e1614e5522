/**
 * Data with the position to read on from: what was emitted up to it is in the data, whatever comes after it is
 * delivered. So the position is the older of the two; what falls between comes twice, and never not at all.
 */
import { ParleyError } from '@parley/shared'
import { formatPosition } from '@parley/shared/internal'
import type { Snapshot } from '../handles.js'
import type { HubCore } from './core.js'
import { isTopicOf } from './handles.js'

export async function snapshot<Data>(
  core: HubCore,
  topic: unknown,
  load: () => Data | PromiseLike<Data>,
): Promise<Snapshot<Data>> {
  if (!isTopicOf(core, topic)) {
    const message =
      'snapshot: that is no topic of this hub; give hub.channel.name, or hub.channel.name(params)'
    throw new ParleyError('BAD_OPTIONS', message)
  }
  const position = await headOf(core)
  return { data: await load(), position }
}

/** The log's own place, not this node's: where a node hears late, more would come twice, or be gone already. */
async function headOf({ topics }: HubCore): Promise<string> {
  if (topics.closed) throw new ParleyError('CLOSED', 'snapshot: the hub was closed; make another')
  try {
    return formatPosition(await topics.head())
  } catch (cause) {
    if (cause instanceof ParleyError) throw cause
    throw new ParleyError('INTERNAL', 'snapshot: the log could not be asked for its position', { cause })
  }
}
