/** What the visitor does to the page's link. */
import { createValue } from './value.js'

export interface LinkState {
  /** Broken off, and refused until it is put together again. */
  readonly cut: boolean
  /** Everything that comes is held back. */
  readonly slow: boolean
}

export const link = createValue<LinkState>({ cut: false, slow: false })

export function setLink(change: Partial<LinkState>): void {
  link.set({ ...link.getSnapshot(), ...change })
}
