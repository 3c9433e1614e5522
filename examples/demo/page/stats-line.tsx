import { useChannel } from '@parley/client/react'
import { client } from './client.js'
import { grouped } from './figures.js'
import { type Stats, useLoaded } from './loaded.js'

const labels = [
  ['here', 'pages open'],
  ['rooms', 'rooms'],
  ['said', 'messages said'],
  ['imported', 'rows imported'],
] as const satisfies readonly (readonly [keyof Stats, string])[]

/** The dashboard: first as the server drew it, and from that position on as it changes. */
export function StatsLine() {
  const { stats } = useLoaded()
  const { state } = useChannel(client.stats, (_, { data }) => data, stats)
  return (
    <section className="stats" aria-label="The demo in numbers">
      <dl>
        {labels.map(([key, label]) => (
          <div key={key}>
            <dt>{label}</dt>
            <dd data-stat={key}>{grouped(state[key])}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
