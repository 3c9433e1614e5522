/**
 * Which transport a client tries first, and whether it tries the other one.
 *
 * Promise: a client that can have a WebSocket has one; one that cannot is served by the fallback for as long as that
 * works. A server that is down looks like a network without WebSocket, so a client whose WebSockets did open gives them
 * some attempts more before it believes that.
 *
 * Inputs: what became of the attempts. A WebSocket failed where it did not open, or not in time; it is mute where it
 * opened and brought nothing, because something on the way takes the upgrade and none of the frames.
 */
import { clientDefaults } from '@parley/shared/internal'

/** So many WebSockets in a row that do not open, after one that did, are a network without them. */
const failuresAfterOne = 2

export class TransportChoice {
  #first: 'websocket' | 'fallback' = 'websocket'
  /** A WebSocket served, and no fallback has been needed since. */
  #hasWebSocket = false
  #failures = 0
  #probes = 0

  /** What the next attempt begins with. */
  get first(): 'websocket' | 'fallback' {
    return this.#first
  }

  /** Whether the fallback is tried where the WebSocket of this attempt does not open. */
  get mayFallBack(): boolean {
    return !this.#hasWebSocket || this.#failures > failuresAfterOne
  }

  webSocketOpened(): void {
    this.#first = 'websocket'
    this.#failures = 0
  }

  /** A frame came. */
  webSocketServed(): void {
    this.#hasWebSocket = true
    this.#probes = 0
  }

  webSocketFailed(): void {
    this.#failures += 1
  }

  webSocketWasMute(): void {
    this.#first = 'fallback'
  }

  /** The fallback works, so it is kept to. */
  fallbackOpened(): void {
    this.#first = 'fallback'
    this.#hasWebSocket = false
  }

  /** It did not open: what it worked for may be over, so the WebSocket is tried again. */
  fallbackFailed(): void {
    this.#first = 'websocket'
  }

  /** How long to wait before a WebSocket is tried beside the fallback, each time longer. `chance` is from 0 to 1. */
  probeMs(chance: number): number {
    const { probeBaseMs, probeCapMs } = clientDefaults
    const ms = Math.min(probeCapMs, probeBaseMs * 2 ** this.#probes)
    this.#probes += 1
    return ms * (0.5 + chance)
  }
}
