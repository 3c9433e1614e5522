/**
 * Bugs that real libraries of this kind have had, or could have: each is one snippet of the product and what stands in
 * its place. The simulation must find each of them, within so many seeds, by the promise that it breaks.
 */
import { type Promised, promises } from './promises.js'

export interface Bug {
  readonly name: string
  /** In words, for the table in docs/TESTING.md. */
  readonly what: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly snippet: string
  readonly replacement: string
  /** It is found within the seeds 1 to this one. */
  readonly within: number
  /** By one of these. */
  readonly breaks: readonly Promised[]
}

const client = 'packages/client/src'
const server = 'packages/server/src'

export const bugs: readonly Bug[] = [
  {
    name: 'resume-off-by-one',
    what: 'After a cut a client goes on one behind where it was.',
    file: `${client}/core/subscription.ts`,
    snippet: 'this.#asked = this.#at ?? first',
    replacement: 'this.#asked = (this.#at && { ...this.#at, offset: this.#at.offset + 1 }) ?? first',
    within: 60,
    breaks: ['once'],
  },
  {
    name: 'live-before-replay',
    what: 'A reader that catches up gets live events before those that it missed.',
    file: `${server}/core/subscription.ts`,
    snippet: 'return [confirm, ...this.#read(from, view)]',
    replacement: "return [confirm, { type: 'attach', offset: view.tail }, ...this.#read(from, view)]",
    within: 40,
    breaks: ['once', 'order'],
  },
  {
    name: 'acknowledged-before-delivery',
    what: 'A message is acknowledged before what its handler emitted is stored.',
    file: `${server}/dispatch.ts`,
    snippet: 'return stored ? stored.then(() => returned) : returned',
    replacement: 'stored?.catch(() => {})\n        return returned',
    within: 80,
    breaks: ['stored'],
  },
  {
    name: 'window-dropped-on-take-over',
    what: 'A session that is resumed has forgotten which requests it answered.',
    file: `${server}/core/session.ts`,
    snippet: '    this.#streams.away()',
    replacement: '    this.#streams.away()\n    this.#answers = new Answers(this.#limits.sessionBytes)',
    within: 100,
    breaks: ['run', 'quiet'],
  },
  {
    name: 'take-over-while-it-runs',
    what: 'A request that comes again on a resumed session, while its handler runs, runs beside it.',
    file: `${server}/core/session.ts`,
    snippet: '    if (this.has(id)) return nothing\n',
    replacement: '',
    within: 100,
    breaks: ['run', 'quiet'],
  },
  {
    name: 'timer-not-cleared',
    what: 'A client that is closed leaves its timer running.',
    file: `${client}/shell/ticker.ts`,
    snippet: '      this.#armed?.cancel()\n      this.#armed = undefined',
    replacement: '      this.#armed = undefined',
    within: 5,
    breaks: ['left'],
  },
  {
    name: 'except-ignored-in-replay',
    what: 'An event that excludes its sender reaches it when it is replayed.',
    file: `${server}/core/subscription.ts`,
    snippet: 'leftOut = entry.except !== undefined && entry.except === this.#client',
    replacement: 'leftOut = false',
    within: 60,
    breaks: ['except'],
  },
  {
    name: 'two-froms-as-one',
    what: 'A second reader of a handle begins where the first one is, wherever it wanted to begin.',
    file: `${client}/core/subscription.ts`,
    snippet: "const start = this.#options.latest && from === 'now' ? 'first' : from",
    replacement: "const start = this.#readers.size > 0 ? 'now' : from",
    within: 30,
    breaks: ['once'],
  },
  {
    name: 'trimmed-without-a-gap',
    what: 'The log loses events while a reader catches up, and it is not told.',
    file: `${server}/core/subscription.ts`,
    snippet: "if (page.gap) orders.push({ type: 'gap', gap: page.gap })",
    replacement:
      "if (page.gap && !this.paged) orders.push({ type: 'gap', gap: page.gap })\n    this.paged = true",
    within: 500,
    breaks: ['once'],
  },
  {
    name: 'old-epoch-accepted',
    what: 'After the log lost its tail, a position in what was lost is taken for one in what came since.',
    file: `${server}/logs/epochs.ts`,
    snippet: '? { offset: survived, reset: true }',
    replacement: '? { offset: Math.min(position.offset, head), reset: false }',
    within: 400,
    breaks: ['once'],
  },
  {
    name: 'retried-append-stored-twice',
    what: 'An append whose reply was lost is stored again when it is retried.',
    file: `${server}/logs/append-ids.ts`,
    snippet: 'this.#young.get(key) ?? this.#old.get(key)',
    replacement: 'undefined as number | undefined',
    within: 120,
    breaks: ['stored'],
  },
  {
    name: 'message-overtakes',
    what: 'A message that waits for its turn is put before those that wait already.',
    file: `${server}/core/lanes.ts`,
    snippet: '      lane.push({ run, bytes })\n',
    replacement: '      lane.splice(1, 0, { run, bytes })\n',
    within: 20,
    breaks: ['lane'],
  },
  {
    name: 'emits-swapped',
    what: 'Of two events that are emitted one after the other, the second may be stored first.',
    file: `${server}/topics.ts`,
    snippet: 'return started(() => this.log.append(checked.entry))',
    replacement:
      "return started(async () => (name === 'said' ? await undefined : undefined, this.log.append(checked.entry)))",
    within: 10,
    breaks: ['emits'],
  },
  {
    name: 'gap-to-one-reader',
    what: 'Of two readers of a stream one alone is told of a gap.',
    file: `${client}/core/subscription.ts`,
    snippet: 'of this.#readers.values()) outputs.push(...reader.streamed(item))',
    replacement:
      "of [...this.#readers.values()].slice(0, 'gap' in item ? 1 : undefined)) outputs.push(...reader.streamed(item))",
    within: 300,
    breaks: ['once'],
  },
  {
    name: 'second-connection-delivers-twice',
    what: 'While a client moves, its readers begin anew on the second connection, with events that they had on the first.',
    file: `${client}/core/subscription.ts`,
    snippet: '    this.#isMoving ||= this.#isJoined\n',
    replacement:
      '    this.#isMoving ||= this.#isJoined\n    this.#at = undefined\n' +
      '    for (const [id] of this.#readers) this.#readers.set(id, new Reader<P>(id, { last: 2 }, 1_000))\n',
    within: 400,
    breaks: ['once', 'order'],
  },
  {
    name: 'once-again-after-a-crash',
    what: 'A call with `once` leaves no trace before its handler begins, so it runs again when the server dies within it.',
    file: `${server}/keyed-runs.ts`,
    snippet: 'const known = await steps.store.begin(id, mark, steps.keepMs)',
    replacement: 'const known = undefined as OnceRecord | undefined',
    within: 500,
    breaks: ['twice'],
  },
  {
    name: 'leave-not-told',
    what: 'Who leaves a topic with presence is gone, and nobody is told.',
    file: `${server}/shell/presences.ts`,
    snippet: 'this.#change(key, ({ present }) => present.left(client, by))',
    replacement: 'this.#change(key, ({ present }) => (present.left(client, by), []))',
    within: 60,
    breaks: ['settled', 'present', 'shown'],
  },
  {
    name: 'return-as-another',
    what: 'Who comes back from a cut leaves and joins, for everybody else.',
    file: `${server}/core/presence.ts`,
    snippet: 'if (before && before.member === member) {',
    replacement: 'if (before && before.member === member && !this.#lost.has(client)) {',
    within: 40,
    breaks: ['present', 'changes'],
  },
  {
    name: 'given-up-though-back',
    what: 'Who comes back from a cut leaves all the same, 15 s after it.',
    file: `${server}/core/presence.ts`,
    snippet: '      this.#lost.delete(client)\n      before.by = by\n',
    replacement: '      before.by = by\n',
    within: 40,
    breaks: ['present'],
  },
  {
    name: 'lost-by-the-past',
    what: 'The connection of before, which ends late, takes whoever is there by another one with it.',
    file: `${server}/core/presence.ts`,
    snippet: 'if (this.#held.get(client)?.by !== by || this.#lost.has(client)) return',
    replacement: 'if (!this.#held.has(client) || this.#lost.has(client)) return',
    within: 1_000,
    breaks: ['present', 'changes', 'shown'],
  },
  {
    name: 'kicked-but-lost',
    what: 'A member that is kicked stays where its connection is away.',
    file: `${server}/shell/handles.ts`,
    snippet: '    core.presences.kick(topic.key, whose)\n',
    replacement: '',
    within: 400,
    breaks: ['present'],
  },
  {
    name: 'change-between-pages',
    what: 'What changes while a list goes out in pages is in none of them.',
    file: `${server}/core/presence-feed.ts`,
    snippet: "if (this.#mode === 'behind') return false",
    replacement: "if (this.#mode !== 'live') return false",
    within: 400,
    breaks: ['shown', 'settled'],
  },
  {
    name: 'older-state-last',
    what: 'Of two states that are set one after the other the first may be shown in the end.',
    file: `${server}/shell/membership.ts`,
    snippet: 'if (!this.#isDue || this.#isAsking || this.#isOver',
    replacement: 'if (!this.#isDue || this.#isOver',
    within: 400,
    breaks: ['present', 'settled'],
  },
  {
    name: 'page-as-list',
    what: 'The first page of a list is shown as all of it.',
    file: `${client}/core/presence.ts`,
    snippet: '    if (more) return undefined\n',
    replacement: '',
    within: 60,
    breaks: ['shown', 'changes'],
  },
  {
    name: 'nobody-through-a-cut',
    what: 'A client that is cut shows an empty list until it is back.',
    file: `${client}/core/presence.ts`,
    snippet: 'this.#snapshot = { ...this.#snapshot, current: false }',
    replacement: 'this.#snapshot = { members: [], current: false }',
    within: 20,
    breaks: ['changes'],
  },
  {
    name: 'entry-is-a-secret',
    what: 'An entry is named by the secret id of its client.',
    file: `${server}/shell/presences.ts`,
    snippet: 'const entry = this.#clock.secret()',
    replacement: 'const entry = entering.client',
    within: 10,
    breaks: ['shown'],
  },
]

/** The bugs, as docs/TESTING.md has them. */
export function bugTable(): string {
  const rows = bugs.map(({ name, what, within, breaks }) => [
    `\`${name}\``,
    what,
    String(within),
    breaks.map((promise) => promises[promise]).join('; or '),
  ])
  const head = ['bug', 'what goes wrong', 'found within seeds', 'by the promise that']
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
