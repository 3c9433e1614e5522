import { Announce } from './announce.js'
import { Clock } from './clock.js'
import { useLoaded } from './loaded.js'
import type { Notice } from './notice.js'
import { Panel } from './panel.js'
import { RoomLink } from './room-link.js'
import { useNotices } from './use-notices.js'

function headline({ about, from, room }: Notice): string {
  if (about === 'room') return `${from} opened a room`
  return about === 'announcement' ? `${from} announced` : `${from} in #${room}`
}

/** The named events of one feed, as they come. */
export function Notices({ id }: { readonly id: string }) {
  const { server } = useLoaded()
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
      <div className="notice-list list" role="log" aria-label="Notifications" tabIndex={0}>
        <ol>
          {gap !== undefined && <li className="remark">Some can no longer be had ({gap}).</li>}
          {notices.length === 0 && <li className="remark">Nothing yet: say something, or announce it.</li>}
          {notices.map((notice) => (
            <li key={notice.id} className={`notice notice-${notice.about}`}>
              <p className="notice-head">
                <RoomLink id={notice.room}>{headline(notice)}</RoomLink>
                <Clock at={notice.at} />
              </p>
              <p className="notice-text">{notice.text}</p>
            </li>
          ))}
        </ol>
      </div>
    </Panel>
  )
}
