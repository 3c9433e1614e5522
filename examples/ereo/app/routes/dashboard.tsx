/** The first numbers by a loader, the next ones from the position at which it read them: nothing falls between. */
import { createLoader } from '@ereo/data'
import { hub } from '../../hub.js'
import { readStats } from '../../shop.js'
import StatsBoard, { type StatsProps } from '../islands/stats-board.js'

export const loader = createLoader(() => hub.snapshot(hub.channel.stats, readStats))

export default function Dashboard({ loaderData }: { readonly loaderData: StatsProps }) {
  return (
    <>
      <h2>Dashboard</h2>
      <StatsBoard client:load {...loaderData} />
    </>
  )
}
