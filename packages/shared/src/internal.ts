/** The unstable entry: what the packages of one version share with each other, and nobody else may rely on. */

export { type Clock, systemClock } from './clock.js'
export { type Codec, createCodec, type SuperJSON } from './codec/codec.js'
export { createDecoder, type Decoder } from './codec/decoder.js'
export type { Encoded, Received } from './codec/payload.js'
export { payloadBytes } from './codec/payload-bytes.js'
export { compareContracts, type Difference } from './contract/compatible/contracts.js'
export {
  type ContractDescription,
  describeContract,
  isFingerprint,
  type KnownContract,
  parseDescription,
} from './contract/describe.js'
export { parseDuration } from './contract/duration.js'
export { schemaGraph } from './contract/fingerprint.js'
export type { ChannelAt, ChannelPath, LeafAt, OneOf } from './contract/infer.js'
export type {
  CallLike,
  ChannelLike,
  DeclaredError,
  ErrorData,
  EventInputs,
  EventOutputs,
  ReceivedInput,
  RequestError,
  SchemaInput,
  SchemaOutput,
  SentMessage,
  SentMessages,
  StreamLike,
} from './contract/resolve.js'
export { isSchema, type Parsed, parse, parseSync } from './contract/schema.js'
export type {
  CallSpec,
  ChannelSpec,
  ContractSpecs,
  ErrorSpec,
  EventSpec,
  MessageSpec,
  ReplaySpec,
  StreamSpec,
} from './contract/spec.js'
export { paramsFromQuery, paramsToQuery, type Topic, topicOf } from './contract/topic.js'
export {
  appendDedupMs,
  clientDefaults,
  drainDefaults,
  type Limits,
  limits,
  replayDefaults,
} from './defaults.js'
export type { FrameData, Link, LinkEnd, LinkEvents } from './link.js'
export { printReport, safeReporter } from './report.js'
export {
  type CloseCodeName,
  type CloseReason,
  closeCodes,
  encodeCloseReason,
  errorCodes,
  misuseCodes,
  parseCloseReason,
  type ReconnectPolicy,
  reconnectPolicy,
} from './wire/codes.js'
export { isDeeperThan } from './wire/depth.js'
export { encodeClientFrame } from './wire/encode-client.js'
export { encodeServerFrame, eventTail } from './wire/encode-server.js'
export {
  type DownMessage,
  encodeDown,
  encodeUp,
  encodeUpBody,
  type LinkClose,
  linkHeader,
  parseUpBody,
  postFrames,
  readDown,
  seqHeader,
  type UpBody,
} from './wire/fallback.js'
export { Fault } from './wire/fault.js'
export {
  type ClientFrame,
  type From,
  type GapReason,
  protocolVersion,
  type ServerFrame,
  subprotocol,
  type WireParams,
} from './wire/frames.js'
export { parseClientFrame } from './wire/parse-client.js'
export { parseIssues, parseServerFrame } from './wire/parse-server.js'
export { formatPosition, type Position, parsePosition } from './wire/position.js'
export {
  createSseParser,
  encodeBlock,
  encodeComment,
  encodeRetry,
  type ReceivedBlock,
  type SseBlock,
  type SseHandlers,
  type SseParser,
} from './wire/sse.js'
