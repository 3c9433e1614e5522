import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ParleyError } from '../../src/errors.js'
import { Fault } from '../../src/wire/fault.js'
import {
  createSseParser,
  encodeBlock,
  encodeComment,
  encodeRetry,
  type ReceivedBlock,
  type SseBlock,
} from '../../src/wire/sse.js'

const utf8 = new TextEncoder()

function read(...chunks: (string | Uint8Array)[]) {
  const blocks: ReceivedBlock[] = []
  const retries: number[] = []
  const comments: string[] = []
  const parser = createSseParser({
    onBlock: (block) => blocks.push(block),
    onRetry: (ms) => retries.push(ms),
    onComment: (text) => comments.push(text),
  })
  for (const chunk of chunks) expect(parser.feed(chunk)).toBeUndefined()
  return { blocks, retries, comments, lastEventId: parser.lastEventId() }
}

const dataOf = (...chunks: (string | Uint8Array)[]) => read(...chunks).blocks.map(({ data }) => data)

describe("the standard's own examples", () => {
  test('several data fields are one event of several lines', () => {
    expect(read('data: YHOO\ndata: +2\ndata: 10\n\n').blocks).toEqual([
      { event: 'message', data: 'YHOO\n+2\n10', id: undefined, lastEventId: '' },
    ])
  })

  test('a comment, an id, an id that resets, one space taken away, and no dispatch without a blank line', () => {
    const stream =
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n'
    const first = { event: 'message', data: 'first event', id: '1', lastEventId: '1' }
    const second = { event: 'message', data: 'second event', id: '', lastEventId: '' }
    expect(read(stream)).toEqual({
      blocks: [first, second],
      retries: [],
      comments: ['test stream'],
      lastEventId: '',
    })
    expect(dataOf(stream, '\n')[2]).toBe(' third event')
  })

  test('a data field without a colon is an empty line, and an unfinished block is none', () => {
    expect(dataOf('data\n\ndata\ndata\n\ndata:')).toEqual(['', '\n'])
  })

  test('the space after the colon makes no difference', () => {
    expect(dataOf('data:test\n\ndata: test\n\n')).toEqual(['test', 'test'])
  })
})

describe('what the standard asks of a parser', () => {
  test.each([
    ['LF', 'event:a\ndata:1\n\ndata:2\n\n'],
    ['CR', 'event:a\rdata:1\r\rdata:2\r\r'],
    ['CRLF', 'event:a\r\ndata:1\r\n\r\ndata:2\r\n\r\n'],
    ['a mixture', 'event:a\r\ndata:1\n\r\ndata:2\r\n\n'],
  ])('lines may end with %s', (_, stream) => {
    expect(read(stream).blocks.map(({ event, data }) => [event, data])).toEqual([
      ['a', '1'],
      ['message', '2'],
    ])
  })

  test('a CRLF split between two chunks is one line end, with an empty chunk between them too', () => {
    expect(dataOf('data:1\r', '\ndata:2\r', '', '\n\r', '\n')).toEqual(['1\n2'])
  })

  test('a CR at the end of a chunk ends the block at once', () => {
    expect(dataOf('data:1\r\r')).toEqual(['1'])
  })

  test('one byte order mark at the start is skipped, whether bytes or text, and only there', () => {
    expect(dataOf('\uFEFFdata:1\n\n')).toEqual(['1'])
    expect(dataOf(utf8.encode('\uFEFFdata:1\n\n'))).toEqual(['1'])
    expect(dataOf(...[...utf8.encode('\uFEFFdata:1\n\n')].map((byte) => Uint8Array.of(byte)))).toEqual(['1'])
    expect(dataOf('\uFEFF\uFEFFdata:1\n\n')).toEqual([])
    expect(dataOf('data:0\n\n', '\uFEFFdata:1\n\n')).toEqual(['0'])
    expect(dataOf('data:\uFEFF1\n\n')).toEqual(['\uFEFF1'])
  })

  test('bytes that are no UTF-8 become U+FFFD', () => {
    expect(dataOf(Uint8Array.of(...utf8.encode('data:'), 0xff, 10, 10))).toEqual(['\uFFFD'])
  })

  test('a block without data is not told, its event name is forgotten, but its id counts', () => {
    const { blocks, lastEventId } = read('event:a\nid:7\n\ndata:x\n\n')
    expect(blocks).toEqual([{ event: 'message', data: 'x', id: undefined, lastEventId: '7' }])
    expect(lastEventId).toBe('7')
  })

  test('the last event id stays for blocks that have none, and an unfinished block does not set it', () => {
    const { blocks, lastEventId } = read('id:1\ndata:a\n\ndata:b\n\nid:2\ndata:c\n')
    expect(blocks.map((block) => [block.id, block.lastEventId])).toEqual([
      ['1', '1'],
      [undefined, '1'],
    ])
    expect(lastEventId).toBe('1')
  })

  test('an id with a NUL is ignored', () => {
    expect(read('id:1\ndata:a\n\nid:2\0\ndata:b\n\n').lastEventId).toBe('1')
  })

  test('an empty event name is message', () => {
    expect(read('event:a\nevent:\ndata:x\n\n').blocks[0]?.event).toBe('message')
  })

  test('only digits are a retry, and never more than a timer takes', () => {
    expect(read('retry:10\nretry: 20\nretry:\nretry\nretry:-1\nretry:1.5\nretry:٣\n').retries).toEqual([
      10, 20,
    ])
    expect(read('retry:99999999999999999999\n').retries).toEqual([2_147_483_647])
  })

  test('unknown fields, names in capitals and names with spaces are ignored', () => {
    expect(read('Data:1\n data:2\ndata :3\nfoo:bar\nfoo\ndata:4\n\n').blocks).toEqual([
      { event: 'message', data: '4', id: undefined, lastEventId: '' },
    ])
  })

  test('meta and at belong to their block alone', () => {
    expect(read('data:1\nmeta:{"a":1}\nat:5\n\nmeta:x\n\ndata:2\n\n').blocks).toEqual([
      { event: 'message', data: '1', id: undefined, lastEventId: '', meta: '{"a":1}', at: '5' },
      { event: 'message', data: '2', id: undefined, lastEventId: '' },
    ])
  })
})

describe('any stream', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      ':',
      ' ',
      'data',
      'data:',
      'event:',
      'id:',
      'id',
      'retry:',
      'meta:',
    ),
    fc.constantFrom(
      'data:x\n\n',
      'id: 1\n',
      'event: a\r',
      'retry:5\r\n',
      ': note\n',
      '\0',
      'é',
      '€',
      '😀',
      '\u2028',
    ),
    fc.string({ maxLength: 4 }),
  )
  const stream = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))

  function split<T extends string | Uint8Array>(whole: T, cuts: readonly number[]): T[] {
    const ends = [...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b)
    return ends.map((end, i) => whole.slice(i === 0 ? 0 : ends[i - 1], end) as T)
  }
  const cuts = fc.array(fc.nat(), { maxLength: 12 })

  test('gives the same blocks however its bytes are split', () => {
    fc.assert(
      fc.property(fc.boolean(), stream, cuts, (mark, text, cuts) => {
        const whole = mark ? `\uFEFF${text}` : text
        expect(read(...split(utf8.encode(whole), cuts))).toEqual(read(whole))
        expect(read(...split(whole, cuts))).toEqual(read(whole))
      }),
      { numRuns: 2_000 },
    )
  })

  test('gives what the parser of npm eventsource gives', () => {
    fc.assert(
      fc.property(stream, cuts, (text, cuts) => {
        // that parser waits after a CR, and takes no byte order mark in text
        const whole = `${text}\n\n`.replaceAll('\uFEFF', '')
        const events: unknown[] = []
        const retries: number[] = []
        const comments: string[] = []
        const parser = createParser({
          onEvent: ({ event, data, id }) => events.push({ event: event ?? 'message', data, id }),
          onRetry: (ms) => retries.push(ms),
          onComment: (comment) => comments.push(comment),
        })
        for (const chunk of split(whole, cuts)) parser.feed(chunk)
        const ours = read(...split(whole, cuts))
        expect(ours.blocks.map(({ event, data, id }) => ({ event, data, id }))).toEqual(events)
        expect(ours.retries).toEqual(retries)
        expect(ours.comments).toEqual(comments)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('memory', () => {
  const tooLarge = 'an SSE block of over 20 characters'

  test.each([
    ['a line that does not end', ['data:', 'x'.repeat(30)]],
    ['a line that ends', [`data:${'x'.repeat(30)}\n`]],
    ['a block that does not end', ['data:12345\n', 'data:67890\n', 'meta:12345\n']],
    ['a comment', [`:${'x'.repeat(30)}`]],
  ])('%s beyond the bound is a fault that stays, and nothing more is told', (_, chunks) => {
    const blocks: ReceivedBlock[] = []
    const parser = createSseParser({ onBlock: (block) => blocks.push(block) }, 20)
    const faults = chunks.map((chunk) => parser.feed(chunk))
    const last = faults.at(-1)
    expect(last).toEqual(new Fault('TOO_LARGE', tooLarge))
    expect(parser.feed('\n\ndata:1\n\n')).toBe(last)
    expect(blocks).toEqual([])
  })

  test('the bound is for one block, not for the stream, and ignored fields are not held', () => {
    const blocks: ReceivedBlock[] = []
    const parser = createSseParser({ onBlock: (block) => blocks.push(block) }, 20)
    for (let i = 0; i < 50; i++) {
      expect(parser.feed('data:1234567890\n')).toBeUndefined()
      expect(parser.feed('x:123\nx:456\n:abc\n\n')).toBeUndefined()
    }
    expect(blocks).toHaveLength(50)
  })
})

describe('what is written', () => {
  const name = fc.string({ minLength: 1, unit: 'binary' }).filter((text) => !/[\r\n\0]/.test(text))
  const block: fc.Arbitrary<SseBlock> = fc.record(
    {
      event: name,
      id: name,
      data: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(fc.constantFrom('a', ' ', ':', '\r', '\n', '\u2028')).map((c) => c.join('')),
      ),
      meta: fc.json().filter((text) => !/[\r\n\0]/.test(text)),
      at: fc.nat(),
    },
    { requiredKeys: ['data'] },
  )

  test('is read back, whatever the text, with its line ends as LF', () => {
    fc.assert(
      fc.property(block, (sent) => {
        expect(read(utf8.encode(encodeBlock(sent))).blocks).toEqual([
          {
            event: sent.event ?? 'message',
            data: sent.data.replace(/\r\n?/g, '\n'),
            id: sent.id,
            lastEventId: sent.id ?? '',
            ...(sent.meta === undefined ? {} : { meta: sent.meta }),
            ...(sent.at === undefined ? {} : { at: String(sent.at) }),
          },
        ])
      }),
      { numRuns: 1_000 },
    )
  })

  test('is one block, whatever was written before and after it', () => {
    fc.assert(
      fc.property(block, block, fc.string({ unit: 'binary' }), (first, second, note) => {
        const stream = `${encodeRetry(5)}${encodeBlock(first)}${encodeComment(note)}${encodeBlock(second)}`
        expect(read(stream).blocks).toHaveLength(2)
        expect(read(stream).comments.join('\n')).toBe(note.replace(/\r\n?/g, '\n'))
      }),
    )
  })

  test('has no more than it needs', () => {
    expect(encodeBlock({ data: '{}' })).toBe('data:{}\n\n')
    expect(encodeBlock({ event: 'chat', id: 'a-1', data: '1', meta: '{"v":1}', at: 5 })).toBe(
      'event:chat\ndata:1\nmeta:{"v":1}\nid:a-1\nat:5\n\n',
    )
    expect(encodeBlock({ event: ' x', data: ' y' })).toBe('event:  x\ndata:  y\n\n')
    expect(encodeComment()).toBe(':\n\n')
    expect(encodeRetry(2_000)).toBe('retry:2000\n\n')
  })

  test('splits data at every kind of line end', () => {
    expect(encodeBlock({ data: 'a\nb\r\nc\rd\n' })).toBe('data:a\ndata:b\ndata:c\ndata:d\ndata:\n\n')
  })

  test('leaves the separators of other standards as they are, and a lone surrogate becomes U+FFFD', () => {
    expect(dataOf(utf8.encode(encodeBlock({ data: 'a\u2028b\u2029c\u0085d\u000be\ud800' })))).toEqual([
      'a\u2028b\u2029c\u0085d\u000be\uFFFD',
    ])
  })

  test('of an event is within 24 bytes plus its name and position of the bare payload', () => {
    fc.assert(
      fc.property(fc.jsonValue(), name, (value, event) => {
        const data = JSON.stringify(value)
        const id = 'epoch12345-123456789'
        const bytes = utf8.encode(encodeBlock({ event, id, data })).length
        const bare = utf8.encode(data).length + utf8.encode(event).length + id.length
        expect(bytes - bare).toBeLessThanOrEqual(24)
      }),
    )
  })

  test.each(['a\nb', 'a\rb', 'a\0b', '\n'])('an event name, id or meta %j is refused', (text) => {
    for (const block of [{ event: text }, { id: text }, { meta: text }]) {
      const write = () => encodeBlock({ data: '1', ...block })
      expect(write).toThrow(ParleyError)
      expect(write).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    }
  })

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('a retry of %d is refused', (ms) => {
    expect(() => encodeRetry(ms)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})
