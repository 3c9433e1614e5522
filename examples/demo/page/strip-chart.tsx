import { height, strip, width } from './strip.js'
import type { Arrival } from './tally.js'
import { useNow } from './use-now.js'

/** The last half minute of numbers. */
export function StripChart({ arrivals }: { readonly arrivals: readonly Arrival[] }) {
  const { live, replayed, lost, edge } = strip(arrivals, useNow())
  return (
    <figure className="chart">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label="The numbers of the last half minute; the later one came, the higher it stands"
      >
        <rect className="chart-waiting" x={edge} width={Math.max(0, width - edge)} height={height} />
        <path className="chart-lost" d={lost} />
        <path className="chart-live" d={live} />
        <path className="chart-replayed" d={replayed} />
      </svg>
      <figcaption>
        <span>30 s ago</span>
        <span>now</span>
        <span className="keys">
          <span className="key key-live">at once</span>
          <span className="key key-replayed">late, from the log</span>
          <span className="key key-waiting">not here yet</span>
        </span>
      </figcaption>
    </figure>
  )
}
