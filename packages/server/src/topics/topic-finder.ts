/**
 * Finds topics by their params, as `topicOf` does, and remembers the last ones: a schema is asked twice for every
 * topic, and most events and messages are for few topics.
 */
import { type ChannelSpec, type Topic, topicOf } from '@parley/shared/internal'

/** Topics of one channel that are remembered; beyond, the one that was found first is forgotten. */
const mostRemembered = 1_024

export class TopicFinder {
  readonly #topicKeyBytes: number
  readonly #byChannel = new Map<ChannelSpec, Map<string, Topic>>()

  /** @param topicKeyBytes longest key of a topic. */
  constructor(topicKeyBytes: number) {
    this.#topicKeyBytes = topicKeyBytes
  }

  /** Throws what `topicOf` throws. */
  find(spec: ChannelSpec, params: unknown): Topic {
    const plain = plainCopy(params)
    if (!plain) return topicOf(spec, params, this.#topicKeyBytes)
    const text = JSON.stringify(plain)
    let known = this.#byChannel.get(spec)
    const found = known?.get(text)
    if (found) return found
    const topic = topicOf(spec, plain, this.#topicKeyBytes)
    if (!known) {
      known = new Map()
      this.#byChannel.set(spec, known)
    }
    if (known.size >= mostRemembered) known.delete(known.keys().next().value!)
    known.set(text, topic)
    return topic
  }
}

/**
 * The params, if JSON says all that they are. A copy, because a getter may say something else each time; nothing for
 * an instance of a class, whose prototype may have more to say, nor for a Date or NaN in it.
 */
function plainCopy(params: unknown): Record<string, unknown> | undefined {
  if (typeof params !== 'object' || params === null) return undefined
  const prototype: unknown = Object.getPrototypeOf(params)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const copy: Record<string, unknown> = { ...params }
  for (const value of Object.values(copy)) {
    const type = typeof value
    if (type !== 'string' && type !== 'boolean' && !(type === 'number' && Number.isFinite(value)))
      return undefined
  }
  return copy
}
