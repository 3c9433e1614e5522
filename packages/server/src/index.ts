export { createEmitter, type EmitterOptions } from './emitter.js'
export {
  anyone,
  type CallHandler,
  type CallRun,
  type ErrorMaker,
  type Handlers,
  type HandlerTree,
  type JoinHandler,
  type JoinRun,
  type MessageHandler,
  type MessageRun,
  type PresenceHandler,
  type PresenceRun,
  type Session,
  type StreamHandler,
} from './handlers.js'
export type {
  Emit,
  EmitOptions,
  Emitter,
  EmitterCounts,
  EmitterFunction,
  EmitterOf,
  HubChannel,
  HubChannels,
  HubPresenceTopic,
  HubTopic,
  HubTypes,
  Member,
  Respond,
  RespondOptions,
  RunTopic,
  RunTopics,
  Snapshot,
  TopicEmitter,
} from './handles.js'
export { type Around, type ContextRequest, createHub, type Hub, type HubOptions } from './hub.js'
export type {
  ContractStore,
  Entry,
  Log,
  LogGap,
  LogTopic,
  NewEntry,
  OnceEmit,
  OnceRecord,
  OnceStore,
  Page,
  ReadBounds,
  Retention,
  Tail,
  TailItem,
  VolatileItem,
} from './logs/log.js'
export { type MemoryLogOptions, memoryLog } from './logs/memory.js'
export { createRouter, type LinkOptions, type Router, type RouterCounts } from './router.js'
export type { DrainCounts } from './shell/draining.js'
