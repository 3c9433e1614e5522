import { EventLogList } from './event-log-list.js'
import { Figures } from './figures.js'
import { LinkLaneChart } from './link-lane-chart.js'
import { Panel } from './panel.js'
import { StripChart } from './strip-chart.js'
import { useLinkLane } from './use-link-lane.js'
import { useTally } from './use-tally.js'

/** Two groups of digits: the one that stands still for hours, and the one that counts. */
function BigNumber({ n }: { readonly n: number | undefined }) {
  const digits = n === undefined ? '' : String(n)
  return (
    <p className="big" role="img" aria-label="The newest number">
      <span>{digits.slice(0, -5)}</span>
      <strong>{digits.slice(-5) || '·····'}</strong>
    </p>
  )
}

export function Counter() {
  const tally = useTally()
  const lane = useLinkLane()
  return (
    <Panel
      name="counter"
      title="The counter"
      about="Ten numbers a second. Cut the link as often as you like: each one still comes, once, in order."
    >
      <div className="counter-body">
        <div className="counter-left">
          <BigNumber n={tally.last} />
          <Figures tally={tally} />
        </div>
        <div className="counter-right">
          <StripChart arrivals={tally.arrivals} />
          <LinkLaneChart lane={lane} />
        </div>
        <EventLogList lane={lane} />
      </div>
    </Panel>
  )
}
