/** What goes wrong in a step of a world. */
import type { Plan } from './ask.js'
import type { AskManner } from './asking.js'
import { closedByWorld } from './life.js'
import { clientOf } from './sockets.js'
import type { Actions } from './stage.js'

/** A handler that does nothing, for somebody who asks for nothing in particular. */
const nothing: Plan = { acts: [], values: 0, everyMs: 0, end: 'returns' }
const plainly: AskManner = {
  withinMs: undefined,
  by: 'socket',
  dawdleMs: 0,
  stopAfter: Number.POSITIVE_INFINITY,
}

export const troubles: Actions = [
  [
    30,
    ({ journal }, { line, name }) => {
      journal.note(() => `net: ${name} is cut`)
      line.cut()
    },
  ],
  [
    15,
    ({ journal }, { line, name }) => {
      journal.note(() => `net: ${name} is half-open`)
      line.halfOpen()
    },
  ],
  [
    10,
    ({ journal }, { line, name }, _id, chance) => {
      const ms = chance.pick(100, 2_000, 12_000, 50_000)
      journal.note(() => `net: ${name} stalls for ${ms} ms`)
      line.stall(ms)
    },
  ],
  [
    8,
    ({ journal }, { line, name }, _id, chance) => {
      const ms = chance.pick(100, 2_000, 40_000)
      journal.note(() => `net: ${name} is refused for ${ms} ms, and cut`)
      line.refuse(ms)
      if (chance.likely(0.7)) line.cut()
    },
  ],
  [
    4,
    ({ journal, cluster }, { line, name }, _id, chance) => {
      const ms = chance.pick(2_000, 40_000)
      const server = cluster.route(chance)?.process.name
      if (server === undefined) return
      journal.note(() => `net: ${name} and ${server} are parted for ${ms} ms`)
      line.part(server, ms)
    },
  ],
  [
    15,
    ({ journal, cluster }, { life: { name } }, _id, chance) => {
      const code = chance.pick('MOVE', 'SLOW', 'DRAINING', 'INTERNAL')
      const delayMs = code === 'DRAINING' ? chance.below(3_000) : undefined
      journal.note(() => `a server closes ${name} with ${code}`)
      for (const { sockets } of cluster.nodes) {
        for (const connection of [...sockets.open])
          if (clientOf(connection) === name) connection.close(code, closedByWorld, delayMs)
      }
    },
  ],
  [
    5,
    ({ journal }, { life: { client, name } }) => {
      journal.note(() => `${name}: reconnect()`)
      client.connection.reconnect()
    },
  ],
  [
    8,
    ({ journal }, { life }) => {
      const { connection } = life.client
      journal.note(() => `${life.name}: ${life.isClosed ? 'opens' : 'closes'}`)
      if (life.isClosed) connection.open()
      else connection.close()
    },
  ],
  [4, (_stage, { life: { client } }) => client.connection.open()],
  [
    2,
    (_stage, { life, line }, id, chance) => {
      if (chance.likely(0.8)) return
      line.cut()
      for (let i = 0; i < 300; i++) life.asking.ask('say', id, nothing, plainly)
    },
  ],
  [6, (_stage, person, _id, chance) => person.restart(chance.likely(0.3))],
  [
    12,
    ({ journal, clock, cluster }, _person, _id, chance) => {
      const node = cluster.route(chance)
      if (!node) return
      if (chance.likely(0.6)) cluster.kill(node, chance.likely(0.3))
      else cluster.stop(node).catch((error: unknown) => journal.fault('quiet', `a stop failed: ${error}`))
      clock.after(chance.pick(0, 500, 5_000, 30_000), () => cluster.startAll())
    },
  ],
  [
    10,
    ({ journal, store, weather }, _person, _id, chance) => {
      if (!weather.isShared) return
      const entries = chance.pick(0, 1, 3, 20)
      journal.note(() => `the log loses its newest ${entries}`)
      store.rollBack(entries)
    },
  ],
  [
    3,
    ({ journal, store }, _person, _id, chance) => {
      const ms = chance.pick(500, 5_000)
      journal.note(() => `the log answers nobody for ${ms} ms`)
      store.stall(ms)
    },
  ],
  [
    4,
    ({ journal, cluster }, { process }, _id, chance) => {
      const who = chance.pick(process, cluster.route(chance)?.process ?? process)
      const ms = chance.pick(3_000, 50_000)
      journal.note(() => `${who.name} sleeps for ${ms} ms`)
      who.sleep(ms)
    },
  ],
  [
    3,
    ({ journal, cluster }, { process }, _id, chance) => {
      const who = chance.pick(process, cluster.route(chance)?.process ?? process)
      const ms = chance.pick(-3_600_000, -40_000, -900, 900, 40_000, 3_600_000)
      journal.note(() => `the clock of ${who.name} is set by ${ms} ms`)
      who.adjust(ms)
    },
  ],
]
