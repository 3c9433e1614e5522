/** What the visitor does to the page's link. */
import { createValue } from './value.js'

export interface LinkState {
  /** Broken off, and refused until it is put together again. */
  readonly cut: boolean
  /** Nothing gets through, either way, and nobody is told: a path that died. */
  readonly silent: boolean
  /** Each frame takes its time, either way. */
  readonly slow: boolean
}

export const link = createValue<LinkState>({ cut: false, silent: false, slow: false })

export function setLink(change: Partial<LinkState>): void {
  link.set({ ...link.getSnapshot(), ...change })
}

/** Frames that the link holds back now. */
export interface Underway {
  readonly toServer: number
  readonly toPage: number
}

export const underway = createValue<Underway>({ toServer: 0, toPage: 0 })
