export { type Append, append } from './append.js'
export type { Shown } from './react/channel-store.js'
export {
  type ConnectedClient,
  ParleyProvider,
  type ParleyProviderProps,
  useConnection,
} from './react/provider.js'
export { type ChannelOptions, useChannel } from './react/use-channel.js'
export { useEvent } from './react/use-event.js'
export { usePresence, type WithPresence } from './react/use-presence.js'
export { type UseSend, useSend } from './react/use-send.js'
