export {
  type Call,
  type CallOptions,
  type Channel,
  type ChannelOptions,
  type Contract,
  call,
  channel,
  defineContract,
  type ErrorDefinition,
  type ErrorDefinitions,
  type EventDefinitions,
  type MessageDefinitions,
  type Replay,
  type Stream,
  type StreamOptions,
  stream,
  type Volatile,
  volatile,
} from './contract/define.js'
export { type ContractDescription, describeContract } from './contract/describe.js'
export type { Duration } from './contract/duration.js'
export type {
  CallPath,
  ChannelPath,
  ContractLike,
  EventName,
  InferError,
  InferEvent,
  InferInput,
  InferMessage,
  InferMessageError,
  InferMessageOutput,
  InferOutput,
  InferParams,
  InferPresence,
  InferYield,
  MessageName,
  StreamPath,
} from './contract/infer.js'
export type { Side } from './contract/resolve.js'
export type { AnySchema, Schema } from './contract/schema.js'
export type { ContractLeaf, ContractTree } from './contract/tree.js'
export { type Issue, ParleyError, type ParleyErrorDetails } from './errors.js'
export type { Link, LinkEnd, LinkEvents } from './link.js'
export type { Report, ReportKind } from './report.js'
export type { ErrorCode, MisuseCode } from './wire/codes.js'
