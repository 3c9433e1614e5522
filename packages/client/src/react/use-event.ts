import { useEffect } from 'react'
import type { DetailsOf, ReadingHalf, ReadOptions } from '../reading-half.js'
import type { ReadFrom } from '../shell/read-from.js'
import { useKeyed } from './keyed.js'
import { useLatest } from './latest.js'

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
  const latest = useLatest({ listener, from: options.from })
  // one that was told where to begin would else be called again with all that came since
  const place = useKeyed([channel, name], (): { after?: ReadFrom } => ({}))
  useEffect(() => {
    const { from } = latest.current
    return channel.on(
      name,
      (data, details) => {
        if (from !== undefined) place.after = details.position ?? place.after
        return latest.current.listener(data, details)
      },
      { from: place.after ?? from },
    )
  }, [channel, name, latest, place])
}
