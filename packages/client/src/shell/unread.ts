/**
 * What `events()` returns: the events of one reader as an async iterable, with a bounded buffer for those that the
 * loop has not come to yet. When it is full, what comes is dropped until the loop has caught up, and a gap
 * `overflow` stands in its place.
 */

import type { ReadEvent, ReadGap, Sink } from './sink.js'

/** One step of the loop: an event, or a gap. */
export type Unread =
  | (ReadEvent & { readonly gap?: undefined })
  | {
      readonly gap: ReadGap
      readonly name?: undefined
      readonly data?: undefined
      readonly position?: undefined
      readonly replayed?: undefined
    }

/** Opens the reader; what it returns closes it. What it throws, the loop throws. */
export type OpenReader = (sink: Required<Sink>) => () => void

type Waiting = { resolve(result: IteratorResult<Unread, undefined>): void; reject(error: unknown): void }

const done: IteratorResult<Unread, undefined> = { done: true, value: undefined }

/**
 * Makes the iterable. Its reader is opened by the first `next` and closed by `return` (`break`), by the signal - the
 * loop then ends - and by a failure, which the loop throws once it has come to it.
 */
export function unreadEvents(
  open: OpenReader,
  capacity: number,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<Unread, undefined> {
  const buffer: Unread[] = []
  const waiting: Waiting[] = []
  let state: 'new' | 'open' | 'over' = 'new'
  let close: (() => void) | undefined
  let failure: unknown
  /** Where the buffer ends, and how far the stream went on since. */
  let last: string | undefined
  let hole: { after: string; first: string } | undefined

  const push = (item: Unread): void => {
    const next = waiting.shift()
    if (next) next.resolve({ done: false, value: item })
    else buffer.push(item)
  }

  const finish = (): void => {
    if (state === 'over') return
    state = 'over'
    signal?.removeEventListener('abort', abort)
    close?.()
    for (const next of waiting.splice(0)) {
      if (failure) next.reject(failure)
      else next.resolve(done)
      failure = undefined
    }
  }

  const abort = (): void => {
    buffer.length = 0
    hole = undefined
    finish()
  }

  const start = (): void => {
    if (signal?.aborted) {
      finish()
      return
    }
    state = 'open'
    signal?.addEventListener('abort', abort)
    try {
      const opened = openReader()
      // The reader may have failed, or been closed, by the very event that it was opened with.
      if ((state as string) === 'over') opened()
      else close = opened
    } catch (error) {
      failure = error
      finish()
    }
  }

  const openReader = (): (() => void) =>
    open({
      event(event) {
        if (state === 'over') return
        const { position } = event
        if (!hole && buffer.length < capacity) push(event)
        // A volatile event leaves no hole. What comes behind a hole belongs to it, whatever room there is again.
        else if (position !== undefined) hole = { after: hole?.after ?? last ?? position, first: position }
        if (!hole) last = position ?? last
      },
      gap(gap) {
        if (state === 'over') return
        if (hole) hole = { ...hole, first: gap.first }
        else push({ gap })
        if (!hole) last = gap.first
      },
      failed(error) {
        if (state === 'over') return
        failure = error
        finish()
      },
    })

  const take = (): IteratorResult<Unread, undefined> | undefined => {
    const item = buffer.shift()
    if (item) return { done: false, value: item }
    if (hole) {
      const gap: ReadGap = { ...hole, reason: 'overflow' }
      last = hole.first
      hole = undefined
      return { done: false, value: { gap } }
    }
    return undefined
  }

  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next() {
      if (state === 'new') start()
      const item = take()
      if (item) return Promise.resolve(item)
      if (state !== 'over') {
        return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
      }
      const error = failure
      failure = undefined
      return error ? Promise.reject(error) : Promise.resolve(done)
    },
    return() {
      abort()
      return Promise.resolve(done)
    },
  }
}
