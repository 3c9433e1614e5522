/** The brand of everything that a contract's tree may hold at its ends. */
export interface ContractLeaf {
  readonly kind: 'channel' | 'call' | 'stream'
}

/** A tree of channels, calls and streams: plain objects nest. */
export interface ContractTree {
  readonly [name: string]: ContractLeaf | ContractTree
}
