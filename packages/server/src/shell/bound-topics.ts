/** A handler's `topics`: the contract's channels, whose emits belong to its run. */
import type { ChannelSpec } from '@parley/shared/internal'
import type { BoundEmits } from '../bound.js'
import type { TopicFinder } from '../topics/topic-finder.js'
import { channelHandle, channelTree } from './handles.js'

/** What the objects of the tree emit through. */
const bound = Symbol('emits')

interface Bound {
  readonly [bound]: BoundEmits
}

/**
 * Prepares the tree once, so that a run that asks for it pays for the channels that it uses alone: each name is a
 * getter on a prototype that all runs share.
 */
export function createBinder(
  channels: ReadonlyMap<string, ChannelSpec>,
  finder: TopicFinder,
): (emits: BoundEmits) => unknown {
  const tree = channelTree(
    channels,
    (spec) => (emits: BoundEmits) =>
      channelHandle(spec, finder, (topic) => ({
        emit: (name: string, data: unknown, options: { id?: string } = {}) =>
          emits.emit(topic, name, data, options),
      })),
  )
  return binderOf(tree)
}

/** What makes a branch of the tree for a run. Leaves of `tree` are such functions already. */
function binderOf(tree: Readonly<Record<string, unknown>>): (emits: BoundEmits) => unknown {
  const prototype: object = Object.create(null)
  for (const [name, inner] of Object.entries(tree)) {
    const bind =
      typeof inner === 'function'
        ? (inner as (emits: BoundEmits) => unknown)
        : binderOf(inner as Record<string, unknown>)
    Object.defineProperty(prototype, name, {
      enumerable: true,
      get(this: Bound) {
        return bind(this[bound])
      },
    })
  }
  return (emits) => Object.create(prototype, { [bound]: { value: emits } })
}
