export { type ClientOptions, createClient } from './client.js'
export type { ConnectionError, ConnectionState } from './core/connection-state.js'
export type {
  PresenceChange,
  PresenceEntry,
  PresenceSnapshot,
  PresentMember,
} from './core/presence.js'
export type { TopicStatus } from './core/subscription.js'
export type {
  Caller,
  ChannelFunction,
  ChannelHandle,
  ChannelHandleOf,
  Client,
  Connection,
  Presence,
  PresenceChannelHandle,
  SafeResult,
  Send,
  StreamCaller,
  StreamRequestOptions,
  StreamRun,
} from './handles.js'
export type {
  EventDetails,
  EventsOptions,
  GapItem,
  ReadingHalf,
  ReadOptions,
  TimedEventDetails,
  TopicEventOf,
  TopicItem,
} from './reading-half.js'
export type { ReadFrom } from './shell/read-from.js'
export type { RequestOptions } from './shell/requests.js'
export type { ReadGap } from './shell/sink.js'
export type { Store } from './shell/store.js'
export { createSubscriber, type Subscriber, type SubscriberOf, type SubscriberOptions } from './subscriber.js'
export type { Fetch } from './transports/sse.js'
export type { HeadersOption } from './transports/sse-request.js'
export { type WebSocketConstructor, webSocketLink } from './transports/websocket.js'
