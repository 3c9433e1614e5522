/** What a middleware makes of an event stream of which it sees the head alone. */
import { exceptEvents } from '@parley/server/ereo'
import { describe, expect, test } from 'vitest'

type Middleware = Parameters<typeof exceptEvents<undefined>>[0]

/** An event stream behind a middleware, and whether it was let go. */
function behind(middleware: Middleware) {
  let isLetGo = false
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('data:a secret\n\n')),
    cancel() {
      isLetGo = true
    },
  })
  const stream = new Response(body, { headers: { 'content-type': 'text/event-stream', 'x-own': 'kept' } })
  const answer = Promise.resolve(
    exceptEvents(middleware)(new Request('http://localhost/'), undefined, async () => stream),
  )
  return { answer, isLetGo: () => isLetGo }
}

const started = async (response: Response): Promise<string> => {
  const { value } = await response.body!.pipeThrough(new TextDecoderStream()).getReader().read()
  return value!
}

test('a middleware that lets it pass, or adds to its head, has it as it is', async () => {
  const adding: Middleware = async (_request, _context, next) => {
    const { body, headers } = await next()
    return new Response(body, { headers: { ...Object.fromEntries(headers), 'x-added': 'yes' } })
  }
  for (const middleware of [adding, ((_request, _context, next) => next()) as Middleware]) {
    const { answer, isLetGo } = behind(middleware)
    const response = await answer
    expect(response.headers.get('x-own')).toBe('kept')
    expect(response.headers.get('x-added')).toBe(middleware === adding ? 'yes' : null)
    expect(await started(response)).toBe('data:a secret\n\n')
    expect(isLetGo()).toBe(false)
  }
})

describe('nobody gets an event, and the stream is let go, where a middleware', () => {
  test.each([
    ['refuses with no body', new Response(null, { status: 401 })],
    ['leads elsewhere', new Response(null, { status: 302, headers: { location: '/login' } })],
    ['says that nothing changed', new Response(null, { status: 304 })],
    ['answers nothing', new Response(null, { status: 204 })],
    ['answers something else', new Response('no')],
  ])('%s', async (_, other) => {
    const { answer, isLetGo } = behind(async (_request, _context, next) => {
      await next()
      return other
    })
    const response = await answer
    expect(response.status).toBe(other.status)
    expect(await response.text()).not.toContain('secret')
    expect(isLetGo()).toBe(true)
  })

  test('throws', async () => {
    const { answer, isLetGo } = behind(async (_request, _context, next) => {
      await next()
      throw new Error('too late')
    })
    await expect(answer).rejects.toThrow('too late')
    expect(isLetGo()).toBe(true)
  })
})
