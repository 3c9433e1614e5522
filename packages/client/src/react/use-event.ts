import { useEffect, useInsertionEffect } from 'react'
import type { DetailsOf, ReadingHalf, ReadOptions } from '../reading-half.js'
import type { ReadFrom } from '../shell/read-from.js'
import { useKeyed } from './keyed.js'

/**
 * Calls the listener of the latest render with each event of this name, as `on` does, as long as the component is
 * mounted. A change of the listener is no new reader. Hidden and shown again, as `Activity` does it, it goes on after the
 * last event that it was called with, if it was told where to begin, and else from now.
 *
 * @param options Read when the hook mounts, and when its topic or name changes.
 * @example
 * useEvent(room, 'message', (message) => toast(message.text))
 */
export function useEvent<Events, Times extends boolean, Name extends keyof Events & string>(
  channel: ReadingHalf<Events, Times>,
  name: Name,
  listener: (data: Events[Name], details: DetailsOf<Times>) => unknown,
  options: ReadOptions = {},
): void {
  const reader = useKeyed([channel, name], (): Reader<typeof listener> => ({ listener, from: options.from }))
  // That of the topic: its last events may come after a commit with another one, and before the effects that leave it.
  useInsertionEffect(() => {
    reader.listener = listener
  })
  useEffect(
    () =>
      channel.on(
        name,
        (data, details) => {
          if (reader.from !== undefined) reader.from = details.position ?? reader.from
          return reader.listener(data, details)
        },
        { from: reader.from },
      ),
    [channel, name, reader],
  )
}

interface Reader<Listener> {
  /** That of the latest render. */
  listener: Listener
  /** Where it begins; one that is told where goes on from its last event, so that none comes twice. */
  from: ReadFrom | undefined
}
