/**
 * Broken worlds, for the checker to see through: each switches off one promise from outside, by a link or a log that
 * does not do what it should.
 */
import type { Log } from '@parley/server'
import type { FrameData } from '@parley/shared/testing'
import { elements } from './links.js'
import type { Seams } from './world.js'

/** What is read from the log is thrown away, as if a server did not replay. */
export const withoutReplay: Seams = {
  log: (log) => readingThrough(log, ({ gap: _gap, ...page }) => ({ ...page, entries: [] })),
}

/** What can no longer be had is left out without a word. */
export const withoutGaps: Seams = {
  log: (log) => readingThrough(log, ({ gap: _gap, ...page }) => page),
}

/** Nobody is excluded from anything. */
export const withoutExclusion: Seams = {
  log: (log) => ({
    ...passing(log),
    append: ({ except: _except, ...entry }) => log.append(entry),
    publish: ({ except: _except, ...item }) => log.publish(item),
  }),
}

/** Some events come twice, and the second time their offsets are in another epoch: nothing can tell them apart. */
export const withoutDeduplication: Seams = {
  between: (random) => {
    let epoch = ''
    return {
      down(data, pass) {
        pass(data)
        const [tag, first] = elements(data)
        if (tag === 'welcome') epoch = (first as { readonly epoch: string }).epoch
        if (tag !== 'e' || random() > 0.2) return
        pass(JSON.stringify(['epoch', 'other']))
        pass(data)
        pass(JSON.stringify(['epoch', epoch]))
      },
    }
  },
}

/** A message or call is answered when it is handed over, and not when its handler has returned. */
export const acknowledgedBeforeRun: Seams = {
  between: () => {
    const answered = new Set<unknown>()
    let answer = (_data: FrameData): void => {}
    return {
      up(data, pass) {
        pass(data)
        const frame = elements(data)
        if (frame[0] !== 'send' && frame[0] !== 'call') return
        answered.add(frame[1])
        answer(JSON.stringify(['ok', frame[1], frame.at(-1)]))
      },
      down(data, pass) {
        answer = pass
        const [tag, id] = elements(data)
        if ((tag === 'ok' || tag === 'err') && answered.has(id)) return
        pass(data)
      },
    }
  },
}

/** What was handed to a connection that broke is sent again on the next one, as if every message could run twice. */
export const sentAgain = (): Seams => {
  let unanswered: FrameData[] = []
  return {
    between: () => {
      let id = 1_000_000
      const again = unanswered
      unanswered = []
      return {
        up(data, pass) {
          pass(data)
          const [tag] = elements(data)
          if (tag === 'send' || tag === 'call') unanswered.push(data)
          if (tag !== 'sub') return
          for (const one of again.splice(0)) {
            const [kind, , ...rest] = elements(one)
            pass(JSON.stringify([kind, ++id, ...rest]))
          }
        },
      }
    },
  }
}

function passing(log: Log): Log {
  return {
    append: (entry) => log.append(entry),
    publish: (item) => log.publish(item),
    read: (topic, from, bounds) => log.read(topic, from, bounds),
    tail: (listener) => log.tail(listener),
    close: () => log.close(),
  }
}

function readingThrough(
  log: Log,
  change: (page: Awaited<ReturnType<Log['read']>>) => Awaited<ReturnType<Log['read']>>,
): Log {
  return { ...passing(log), read: async (topic, from, bounds) => change(await log.read(topic, from, bounds)) }
}
