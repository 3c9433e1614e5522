import { Announce } from './announce.js'
import { clock } from './looks.js'
import { Panel } from './panel.js'
import { type Notice, useNotices } from './use-notices.js'
import { hrefOf } from './use-room-id.js'

function headline({ about, from, room }: Notice): string {
  if (about === 'room') return `${from} opened a room`
  return about === 'announcement' ? `${from} announced` : `${from} in #${room}`
}

/** As curl takes it: without a scheme it is http. */
const server = location.protocol === 'http:' ? location.host : location.origin

/** The named events of one feed, as they come. */
export function Notices({ id }: { readonly id: string }) {
  const { notices, gap } = useNotices()
  return (
    <Panel
      name="notices"
      title="Notifications"
      about={
        <>
          Named events, kept for ten minutes. Also plain SSE: <code>curl -N {server}/api/events</code>
        </>
      }
      action={<Announce id={id} />}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <ol className="notice-list" role="log" aria-label="Notifications" tabIndex={0}>
        {gap !== undefined && <li className="remark">Some can no longer be had ({gap}).</li>}
        {notices.length === 0 && <li className="remark">Nothing yet: say something, or announce it.</li>}
        {notices.map((notice) => (
          <li key={notice.id} className={`notice notice-${notice.about}`}>
            <p className="notice-head">
              <a href={hrefOf(notice.room)}>{headline(notice)}</a>
              <time dateTime={notice.at.toISOString()}>{clock(notice.at)}</time>
            </p>
            <p className="notice-text">{notice.text}</p>
          </li>
        ))}
      </ol>
    </Panel>
  )
}
