import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ScriptedTopic } from './scripted-topic.js'

const from = fc.oneof(
  fc.constant('now' as const),
  fc.constant('first' as const),
  fc.nat(4).map((last) => ({ last })),
  fc.nat(20).map((back) => ({ back })),
)

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ op: 'emit' as const }) },
  { weight: 10, arbitrary: fc.constant({ op: 'up' as const }) },
  { weight: 14, arbitrary: fc.constant({ op: 'down' as const }) },
  { weight: 10, arbitrary: fc.record({ op: fc.constant('pump' as const), pick: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('add' as const), from }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('remove' as const), pick: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ op: 'cut' as const }) },
  { weight: 2, arbitrary: fc.constant({ op: 'connect' as const }) },
  { weight: 2, arbitrary: fc.constant({ op: 'move' as const }) },
  { weight: 1, arbitrary: fc.constant({ op: 'trim' as const }) },
  { weight: 1, arbitrary: fc.constant({ op: 'elapse' as const }) },
  { weight: 1, arbitrary: fc.constant({ op: 'failRead' as const }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('loseTail' as const), count: fc.nat(2) }) },
)

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

function run(topic: ScriptedTopic, step: Operation): void {
  if (step.op === 'up') topic.stepUp()
  else if (step.op === 'down') topic.stepDown()
  else if (step.op === 'pump') topic.pump(step.pick)
  else if (step.op === 'remove') topic.remove([...topic.seen.keys()][step.pick] ?? 0)
  else if (step.op === 'loseTail') topic.loseTail(step.count)
  else if (step.op === 'add') add(topic, step.from)
  else topic[step.op]()
}

function add(topic: ScriptedTopic, start: typeof from extends fc.Arbitrary<infer T> ? T : never): void {
  const isBack = typeof start === 'object' && 'back' in start
  const offset = isBack ? Math.max(0, topic.head - start.back) : 0
  topic.add(topic.seen.size + topic.gone.length + 1, isBack ? { epoch: topic.epoch, offset } : start)
}

test('each reader gets each event once and in order or a gap in its place, whatever happens in whatever order', () => {
  let delivered = 0
  let gaps = 0
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 150, size: 'max' }),
      fc.boolean(),
      (steps, joinsAfterGap) => {
        const topic = new ScriptedTopic()
        topic.joinsAfterGap = joinsAfterGap
        topic.connect()
        for (const step of steps) run(topic, step)
        topic.settle()
        topic.emit()
        topic.settle()
        for (const seen of topic.gone) expect(topic.faultOf(seen, true)).toBeUndefined()
        for (const seen of topic.seen.values()) {
          expect(topic.faultOf(seen, false)).toBeUndefined()
          // Whoever is there at the end has the last event: nobody is left behind.
          expect(seen.items.at(-1)).toEqual({ serial: topic.serial })
          delivered += seen.items.length
          gaps += seen.items.filter((item) => 'upTo' in item).length
        }
      },
    ),
    { numRuns: 3_000 },
  )
  // The property speaks of something only if the worlds were busy.
  expect(delivered).toBeGreaterThan(10_000)
  expect(gaps).toBeGreaterThan(1_000)
})
