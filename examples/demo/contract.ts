/** What may travel between the demo's server and its page. Both import this, and nothing else of each other. */
import { call, channel, defineContract, stream, volatile } from '@parley/shared'
import { z } from 'zod'

/** A name that somebody goes by. There is no password: whoever says it has it. */
export const Name = z.string().trim().min(1).max(32)

/** In characters. */
export const longestRoomName = 40

/** The name of a room; its id is made from it. */
export const RoomName = z
  .string()
  .trim()
  .max(longestRoomName, `at most ${longestRoomName} characters`)
  .regex(/[\p{L}\p{N}]/u, 'it needs a letter or a digit')

const Room = z.object({ id: z.string(), name: z.string(), by: z.string(), at: z.date() })

/** An announcement is said in a room, and reaches everybody as a notification. */
const Kind = z.enum(['chat', 'announcement'])

const ChatMessage = z.object({
  id: z.string(),
  from: z.string(),
  text: z.string(),
  kind: Kind,
  at: z.date(),
  ref: z.string().optional(),
})

const Say = z.object({
  text: z.string().trim().min(1).max(2_000),
  kind: Kind.default('chat'),
  /** The sender's own mark. It comes back in the event, so that a page knows which of its waiting rows that is. */
  ref: z.string().max(64).optional(),
})

/** What is shown of somebody in a room. The name is the server's to say. */
const Present = z.object({ name: Name, away: z.boolean().default(false) })

/** Something happened that everybody may want to know. */
const Notification = z.object({
  id: z.string(),
  about: z.enum(['announcement', 'room']),
  text: z.string(),
  from: z.string(),
  room: z.string(),
  at: z.date(),
})

/** Somebody said something somewhere. */
const ChatNote = z.object({
  id: z.string(),
  text: z.string(),
  from: z.string(),
  room: z.string(),
  at: z.date(),
})

/** The lines of a file that somebody imports. */
const Rows = z.array(z.string().trim().min(1).max(200)).min(1).max(5_000)
const Progress = z.object({ done: z.int(), of: z.int() })
/** What came of it: how many rows there were, and how many different ones. */
const Summary = z.object({ rows: z.int(), different: z.int() })

/** The dashboard: pages that are open now, rooms that there are; what was said and imported since the data was new. */
const Stats = z.object({ here: z.int(), rooms: z.int(), said: z.int(), imported: z.int() })

export const contract = defineContract({
  notifications: channel({
    events: { notification: Notification, chat: ChatNote },
    replay: { last: 1_000, for: '10m' },
  }),
  room: channel({
    params: z.object({ id: z.string().min(1).max(64) }),
    events: {
      message: ChatMessage,
      typing: volatile(z.object({ name: z.string(), active: z.boolean() })),
    },
    messages: {
      say: call({ input: Say, output: z.object({ id: z.string() }) }),
      typing: volatile(z.object({ active: z.boolean() })),
    },
    replay: { last: 1_000, for: '1h' },
    presence: Present,
  }),
  rooms: {
    create: call({
      input: z.object({ name: RoomName }),
      output: Room,
      errors: { NAME_TAKEN: { data: z.object({ suggestion: z.string() }), status: 409 } },
    }),
    list: call({ output: z.array(Room), idempotent: true }),
    /** The same list, told anew whenever a room was opened. */
    all: channel({ events: { changed: z.array(Room) }, replay: 'latest' }),
  },
  stats: channel({ events: { changed: Stats }, replay: 'latest' }),
  importRows: stream({ input: Rows, yields: Progress, output: Summary }),
  ticks: channel({
    events: { tick: z.object({ n: z.int(), at: z.date() }) },
    replay: { last: 6_000, for: '10m' }, // ten minutes of them, ten a second
  }),
})
