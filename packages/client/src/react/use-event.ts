import { useEffect } from 'react'
import type { DetailsOf, ReadingHalf, ReadOptions } from '../reading-half.js'
import { useLatest } from './latest.js'

/**
 * Calls the listener of the latest render with each event of this name, as `on` does, as long as the component is
 * mounted. A change of the listener is no new reader.
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
  useEffect(
    () =>
      channel.on(name, (data, details) => latest.current.listener(data, details), {
        from: latest.current.from,
      }),
    [channel, name, latest],
  )
}
