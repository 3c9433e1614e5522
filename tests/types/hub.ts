import type { HubChannels, HubTypes } from '../../packages/server/src/handles.js'
import type { contract } from './contract.js'

type Tree = (typeof contract)['tree']
export declare const hub: HubTypes<Tree, { readonly user: { readonly name: string } }> & {
  readonly channel: HubChannels<Tree>
}
