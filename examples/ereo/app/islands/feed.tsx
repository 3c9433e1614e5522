/** The feed of named events, over SSE: the same contract as the chat, without a socket. */
import { createIsland } from '@ereo/client'
import { createSubscriber } from '@parley/client'
import { append, useChannel } from '@parley/client/react'
import { contract } from '../../contract.js'

const feed = createSubscriber(contract, 'notifications', { url: '/api/events' })

/** As one of the two named events brings it. */
type Item = { readonly id: string; readonly text: string; readonly from?: string; readonly room?: string }

function Feed() {
  const { state, status, gap } = useChannel(feed, append(8), {
    data: [] as readonly Item[],
    from: { last: 8 },
  })
  return (
    <section aria-label="Feed">
      <header className="row">
        <h2>Feed</h2>
        <span className={`badge badge-${status}`}>{status === 'live' ? 'live' : ''}</span>
      </header>
      <ul className="feed" aria-label="What happened">
        {state.map(({ id, text, from, room }) => (
          <li key={id}>{from === undefined ? text : `${from} in ${room}: ${text}`}</li>
        ))}
      </ul>
      {gap && <p className="status">Something happened meanwhile that can no longer be told.</p>}
    </section>
  )
}

export default createIsland(Feed, 'Feed')
