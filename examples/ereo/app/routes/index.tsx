import Feed from '../islands/feed.js'

export default function Start() {
  return (
    <>
      <p>
        The routes of a real-time application in EreoJS, each with Parley: the feed below is{' '}
        <a href="/api/events">/api/events</a>, plain server-sent events; the dashboard is rendered by a loader
        and goes live without a hole; the chat goes over the WebSocket of <code>/api/ws</code>.
      </p>
      <Feed client:load />
    </>
  )
}
