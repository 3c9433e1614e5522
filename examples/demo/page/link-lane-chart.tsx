import { type LinkLane, spansOf } from './link-lane.js'
import { width } from './strip.js'
import { useNow } from './use-now.js'

/** Stands under the strip chart, on the same axis of time. */
export function LinkLaneChart({ lane }: { readonly lane: LinkLane }) {
  const spans = spansOf(lane, useNow())
  return (
    <figure className="lane">
      <svg
        viewBox={`0 0 ${width} 10`}
        preserveAspectRatio="none"
        role="img"
        aria-label="The link over the same half minute, and each replay and each gap as it happened"
      >
        {spans.map(({ kind, x, wide }, i) => (
          <rect key={i} className={`lane-${kind}`} x={x} width={wide} height={10} />
        ))}
      </svg>
      <figcaption className="keys">
        <span className="key key-live">link</span>
        <span className="key key-trying">trying</span>
        <span className="key key-cut">cut</span>
        <span className="key key-replay">replay</span>
        <span className="key key-gap">gap</span>
      </figcaption>
    </figure>
  )
}
