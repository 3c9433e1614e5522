/** What is written by hand today, and what becomes of it: the promises of docs/from-hand-written.md, each held to both programs. */
import { expect, test } from 'vitest'
import * as acksByHand from './acks/by-hand.js'
import * as acksParley from './acks/parley.js'
import * as acks from './acks/promise.js'
import * as bothWaysByHand from './both-ways/by-hand.js'
import * as bothWaysParley from './both-ways/parley.js'
import * as bothWays from './both-ways/promise.js'
import * as broadcastByHand from './broadcast/by-hand.js'
import * as broadcastParley from './broadcast/parley.js'
import * as broadcast from './broadcast/promise.js'
import * as eventSourceByHand from './event-source/by-hand.js'
import * as eventSourceParley from './event-source/parley.js'
import * as eventSource from './event-source/promise.js'
import * as loaderByHand from './loader/by-hand.js'
import * as loaderParley from './loader/parley.js'
import * as loader from './loader/promise.js'
import * as namedEventsByHand from './named-events/by-hand.js'
import * as namedEventsParley from './named-events/parley.js'
import * as namedEvents from './named-events/promise.js'
import * as reconnectingByHand from './reconnecting/by-hand.js'
import * as reconnectingParley from './reconnecting/parley.js'
import * as reconnecting from './reconnecting/promise.js'
import { tested, testRow, titles } from './row.js'
import * as sseRouteByHand from './sse-route/by-hand.js'
import * as sseRouteParley from './sse-route/parley.js'
import * as sseRoute from './sse-route/promise.js'
import * as websocketRouteByHand from './websocket-route/by-hand.js'
import * as websocketRouteParley from './websocket-route/parley.js'
import * as websocketRoute from './websocket-route/promise.js'
import * as whoIsThereByHand from './who-is-there/by-hand.js'
import * as whoIsThereParley from './who-is-there/parley.js'
import * as whoIsThere from './who-is-there/promise.js'

// those that wait for real time, all at once

testRow({
  title: '1. An SSE route',
  promised: sseRoute.promised,
  byHand: [
    { ...sseRouteByHand, finds: ['cut by Bun after 10 s of silence', 'received 7 of 10; missing 4, 5, 6'] },
  ],
  parley: sseRouteParley.start,
  concurrent: true,
})

testRow({
  title: '3. Named events',
  promised: namedEvents.promised,
  byHand: [
    {
      ...namedEventsByHand,
      finds: [
        "sent as 'notificaton': heard by nobody, and nobody was told",
        "sent with 'titel' for 'title': shown as undefined, and nobody was told",
        "listened for 'chta': nothing ever comes, and nobody was told",
      ],
    },
  ],
  parley: namedEventsParley.start,
  concurrent: true,
})

testRow({
  title: '4. A WebSocket route',
  promised: websocketRoute.promised,
  byHand: [
    {
      ...websocketRouteByHand,
      finds: [
        'a page of https://evil.example spoke as ann',
        'bob spoke as ann',
        'a text that is no text was passed on to everybody',
        "'not JSON' threw in the handler",
        'and whoever sent it was not told',
      ],
    },
  ],
  parley: websocketRouteParley.start,
  concurrent: true,
})

testRow({
  title: '7. `broadcast` over a `Set`',
  promised: broadcast.promised,
  byHand: [
    {
      ...broadcastByHand,
      finds: [
        '16 MiB were held for one reader that took nothing',
        'that reader missed what came on top, and was not told',
      ],
    },
  ],
  parley: broadcastParley.start,
  concurrent: true,
})

testRow({
  title: '10. SSE here, WebSocket there',
  promised: bothWays.promised,
  byHand: [{ ...bothWaysByHand, finds: ['received 7 of 10; missing 4, 5, 6'] }],
  parley: bothWaysParley.start,
  concurrent: true,
})

// those with a page, or with time in their hands

testRow({
  title: '2. `EventSource` in a component',
  promised: eventSource.promised,
  byHand: [
    {
      ...eventSourceByHand,
      finds: [
        'received 7 of 10; missing 4, 5, 6',
        'holds 997 orders to show 50',
        'one answer of 502, and nothing comes any more',
      ],
    },
  ],
  parley: eventSourceParley.start,
})

testRow({
  title: '5. Who joined and who left',
  promised: whoIsThere.promised,
  byHand: [
    {
      ...whoIsThereByHand,
      finds: [
        'bob has two tabs: ann, bob, bob',
        'bob closes one of them: ann',
        'carol comes, and is shown: carol',
        "carol's link is dead for a minute: ann, carol",
      ],
    },
  ],
  parley: whoIsThereParley.start,
})

testRow({
  title: '6. Acknowledgements',
  promised: acks.promised,
  byHand: [
    {
      start: acksByHand.startWaiting,
      finds: [
        'cut for 2 s: paid, and the sender still waits 10 min later',
        'cut for 5 min: paid, and the sender still waits 10 min later',
      ],
    },
    {
      start: acksByHand.startSendingAgain,
      finds: ['cut for 2 s: paid 2 times', 'cut for 5 min: paid 2 times'],
    },
  ],
  parley: acksParley.start,
})

testRow({
  title: '8. `useWebSocket`',
  promised: reconnecting.promised,
  byHand: [
    {
      ...reconnectingByHand,
      finds: [
        '200 of 200 clients came back within the same 0.1 s',
        'on a link that is dead for a minute: open, and what is sent is gone',
        'sent while away, and never arrived: one, two, three',
        'connects anew for a component that is gone',
      ],
    },
  ],
  parley: reconnectingParley.start,
})

testRow({
  title: '9. A loader, and events after it',
  promised: loader.promised,
  byHand: [{ ...loaderByHand, finds: ['received 5 of 7; missing 4, 5'] }],
  parley: loaderParley.start,
})

test('each pattern of the page is tested', () => {
  expect([...tested].sort()).toEqual([...titles].sort())
  expect(titles).toHaveLength(10)
})
