/** The script of a page that the server has rendered. */
import { createClient } from '@parley/client'
import { hydrateRoot } from 'react-dom/client'
import { contract } from './contract.js'
import { type Loaded, RoomPage } from './room-page.js'

declare global {
  interface Window {
    /** In the page as JSON. */
    loaded: Loaded
    hydration: Hydration
  }
}

export interface Hydration {
  readonly mismatches: string[]
  /** Each text that the page showed, from before its script ran. */
  readonly shown: string[]
}

const container = document.getElementById('root')!
const text = () => container.textContent ?? ''
const hydration: Hydration = { mismatches: [], shown: [text()] }
window.hydration = hydration
new MutationObserver(() => hydration.shown.push(text())).observe(container, {
  characterData: true,
  childList: true,
  subtree: true,
})
const client = createClient(contract, { url: '/realtime' })
hydrateRoot(container, <RoomPage room={client.room({ id: 'a' })} loaded={window.loaded} />, {
  onRecoverableError: (error) => hydration.mismatches.push(String(error)),
})
