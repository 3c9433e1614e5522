/** What is promised, in the words that a failure names it by. Section by section the table of guarantees, as a checker sees it. */
export const promises = {
  once: 'an event reaches each reader once, or a gap stands in its place',
  order: 'the events of a topic reach each reader in their order',
  gap: 'a gap stands where events can no longer be had, and nowhere else',
  except: 'an event does not reach the client that it excludes',
  stored: 'an event is stored once, where its emitter is told that it is',
  emits: 'the events of one process are stored in the order in which it emitted them',
  run: 'a message or call runs at most once, for whoever sent it',
  twice:
    'a call with `once` does not run twice, whatever dies, and what it emits is there with its outcome or not at all',
  stream: 'the values of a stream come in order, each once, and all of them before its result',
  lane: 'messages of one client on one topic run one at a time, in the order sent',
  answer: 'a request ends once, and as its handler ended',
  unknown: 'an outcome is unknown only where the request may have run',
  deadline: 'a request waits no longer, and no shorter, than it may',
  present:
    'everybody on a topic is listed, as it may be shown, under one entry, from when it comes until it leaves or was lost for 15 s; and nobody else',
  shown:
    'a list of who is present that is shown as current is whole, without anybody who had left before, and without secrets',
  changes:
    'what is told to have joined, changed and left adds up to the list; a cut changes nothing that is shown',
  reader: 'a reader ends where somebody ended it, and hears what it listens for',
  settled: 'once nothing breaks any more, all that waits comes to its end',
  left: 'whoever leaves leaves nothing behind',
  quiet: 'nobody is told of a failure that is none',
} as const

export type Promised = keyof typeof promises
