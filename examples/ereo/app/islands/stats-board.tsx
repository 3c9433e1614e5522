/** Numbers that the server rendered, and that go on from there. */
import { createIsland } from '@ereo/client'
import { useChannel } from '@parley/client/react'
import { useState } from 'react'
import type { Stats } from '../../shop.js'
import { loaderData } from './loader-data.js'
import { realtime } from './realtime.js'

/** As `hub.snapshot` gave them: JSON, as everything that an island is given. */
export interface StatsProps extends Record<string, unknown> {
  readonly data: Stats
  readonly position: string
}

const tiles = { orders: 'Orders', revenue: 'Revenue, euros', biggest: 'Biggest order, euros' } as const

function StatsBoard({ data, position }: StatsProps) {
  const client = realtime()
  const { state, status, gap } = useChannel(client.stats, (_, { data: next }) => next, {
    data,
    position,
    load: loaderData<StatsProps>, // where the server cannot say what was missed
  })
  return (
    <section aria-label="Figures">
      <dl className="tiles">
        {Object.entries(tiles).map(([name, title]) => (
          <div className="tile" key={name}>
            <dt>{title}</dt>
            <dd data-figure={name}>{state[name as keyof Stats]}</dd>
          </div>
        ))}
      </dl>
      <p className="status">
        <span className={`badge badge-${status}`}>
          {status === 'live' && !gap ? 'live' : 'as the server rendered it'}
        </span>
      </p>
      <OrderButton />
    </section>
  )
}

/** A call: the answer is typed, and so is each way to fail. */
function OrderButton() {
  const [said, setSaid] = useState('')
  const place = async () => {
    const { data, error } = await realtime().orders.place.safe({ euros: 12 })
    setSaid(error ? `${error.code}: ${error.message}` : `Order ${data.orders} is placed`)
  }
  return (
    <p className="row">
      <button type="button" onClick={place}>
        Place an order of 12 euros
      </button>
      <output>{said}</output>
    </p>
  )
}

export default createIsland(StatsBoard, 'StatsBoard')
