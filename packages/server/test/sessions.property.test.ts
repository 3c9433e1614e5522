/**
 * Whatever well-formed frames clients send, over however many connections to one session: cut, resumed, taken over,
 * refused. What must hold is looked at after each step, and in the end nothing is left.
 */
import type { Report } from '@parley/shared'
import { limits } from '@parley/shared/internal'
import { virtualClock } from '@parley/shared/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createHubWith } from '../src/hub.js'
import { createRouter } from '../src/index.js'
import { clientId, connect, type Peer } from './peer.js'
import { contract, type Enter, step } from './session-steps.js'

test('whatever clients send, over cuts and resumptions, a number runs once, has one answer, and nothing is left', async () => {
  let runs = 0
  let resumed = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), fc.boolean(), async (steps, tight) => {
      const clock = virtualClock()
      const reports: Report[] = []
      const gates: (() => void)[] = []
      const asks: (() => void)[] = []
      /** What ran, by session. */
      const ran = new Map<string, string[]>()
      const lanes = new Map<string, number>()
      let cast = 0
      const wait = (signal: AbortSignal, heeds: boolean): Promise<void> =>
        new Promise((resolve, reject) => {
          gates.push(resolve)
          if (heeds) signal.addEventListener('abort', () => reject(signal.reason))
        })
      const note = (session: { id: string }, what: string): void => {
        const own = ran.get(session.id) ?? []
        runs++
        if (what.startsWith('v')) return // it has no number
        expect(own).not.toContain(what.slice(1))
        own.push(what.slice(1))
        ran.set(session.id, own)
      }
      const hub = createHubWith(
        contract,
        {
          auth: z.string(),
          context: async ({ auth, session }) => {
            session.expiresAt(new Date(clock.now() + 45_000))
            if (auth.endsWith(':2')) await new Promise<void>((resolve) => asks.push(resolve))
            if (auth.endsWith('bad')) throw new Error('no')
            return { user: auth }
          },
          identify: ({ user }) => user.split(':')[0]!,
          onReport: (report) => reports.push(report),
          limits: tight
            ? {
                callsInFlight: 2,
                messagesWaiting: 3,
                streams: 2,
                streamValues: 2,
                sessionBytes: 700,
                keptSessions: 1,
                keptBytes: 2_000,
              }
            : {},
        },
        clock,
      )
      const router = createRouter(hub, {
        room: {
          join: () => true,
          messages: {
            say: async ({ input, session, params, signal }) => {
              note(session, input)
              const lane = `${session.id} ${params.id}`
              lanes.set(lane, (lanes.get(lane) ?? 0) + 1)
              await wait(signal, true).finally(() => lanes.set(lane, lanes.get(lane)! - 1))
            },
            shout: async ({ input, session, signal }) => {
              note(session, input)
              await wait(signal, true)
            },
          },
        },
        work: async ({ input, session, signal }) => {
          note(session, input)
          await wait(signal, input.length % 2 === 0)
          return `${input} is done`
        },
        count: async function* ({ input, session, signal }) {
          note(session, input)
          for (let n = 0; n < 5; n++) {
            if (n % 2) await wait(signal, true)
            yield `${input} ${n}`
          }
          return input
        },
      })

      interface Line {
        readonly peer: Peer
        readonly client: string
        seen: number
        isGone: boolean
        secret?: string
        lastSeq: Map<number, number>
      }
      const lines: Line[] = []
      const secrets = new Map<string, string[]>()
      /** By secret and number. */
      const answers = new Map<string, string>()
      const values = new Map<string, string>()
      const look = (): void => {
        for (const line of lines) {
          for (const one of line.peer.frames.slice(line.seen)) {
            line.seen++
            const [tag, number] = one
            if (tag === 'welcome') {
              line.secret = one[1].session
              if (one[1].resumed) resumed++
              const own = secrets.get(line.client) ?? []
              own.push(one[1].session)
              secrets.set(line.client, own)
            } else if ((tag === 'ok' || tag === 'err') && (number < 100 || number > 110)) {
              const key = `${line.secret} ${number}`
              const text = JSON.stringify(one)
              const before = answers.get(key)
              if (before !== undefined && !text.includes('had to go')) expect(text).toBe(before)
              answers.set(key, before ?? text)
            } else if (tag === 'y') {
              const key = `${line.secret} ${number} ${one[2]}`
              expect(values.get(key) ?? one[3]).toBe(one[3])
              values.set(key, one[3])
              const last = line.lastSeq.get(number)
              if (last !== undefined && one[2] > last) expect(one[2]).toBe(last + 1)
              line.lastSeq.set(number, one[2])
            }
          }
        }
        for (const running of lanes.values()) expect(running).toBeLessThan(2)
      }
      const enter = async ({ client, auth, session, settles }: Enter): Promise<void> => {
        const own = secrets.get(client) ?? []
        const others = secrets.get(client === 'ann' ? 'bob' : 'ann') ?? []
        const before = { last: own.at(-1), first: own[0], none: undefined, other: others.at(-1) }[session]
        const peer = connect(router)
        lines.push({ peer, client, seen: 0, lastSeq: new Map(), isGone: false })
        const head = { v: 1, contract: '0', client: clientId(client) }
        peer.say(
          'hello',
          before === undefined ? head : { ...head, session: before },
          auth === 'eve' ? auth : client + auth,
        )
        if (settles) await clock.settle()
        look()
      }
      for (const one of steps) {
        const isOpen = ({ peer, secret, isGone }: Line): boolean =>
          !peer.end && !isGone && secret !== undefined
        if (!lines.some(isOpen)) await enter({ client: 'ann', auth: '', session: 'last', settles: true })
        const open = lines.filter(isOpen)
        const line = 'pick' in one ? open[one.pick % Math.max(1, open.length)] : undefined
        switch (one.op) {
          case 'say': {
            if (!line) break
            const said = [...one.frame] as unknown[]
            const last = said.at(-1)
            if (said[0] === 'cast') said[said.length - 1] = `v${++cast}`
            else if (typeof last === 'string' && last.length === 1)
              said[said.length - 1] = `${last}${said[1]}`
            line.peer.say(...said)
            break
          }
          case 'enter':
            await enter(one)
            break
          case 'cut':
          case 'leave':
            line?.peer[one.op]()
            if (line) line.isGone = true
            break
          case 'go':
            gates.splice(one.pick % Math.max(1, gates.length), 1)[0]?.()
            await clock.settle()
            break
          case 'ask':
            asks.splice(one.pick % Math.max(1, asks.length), 1)[0]?.()
            break
          case 'wait':
            await clock.advance(one.ms)
            break
          case 'disconnect':
            router.disconnect({ member: one.client })
        }
        look()
      }
      await clock.settle()
      look()
      for (const { peer } of lines) peer.cut()
      for (const ask of asks) ask()
      await clock.advance(limits.sessionMs)
      while (gates.length > 0) {
        for (const go of gates.splice(0)) go()
        await clock.settle()
      }
      await clock.advance(600_000)
      look()
      expect(router.inspect()).toMatchObject({
        connections: 0,
        sessions: 0,
        running: 0,
        readers: 0,
        timers: 0,
      })
      expect(
        reports.filter(({ kind }) => kind !== 'refused' && kind !== 'protocol' && kind !== 'contract'),
      ).toEqual([])
      await hub.close()
      expect(clock.pending()).toBe(0)
    }),
    { numRuns: 100 },
  )
  expect(runs).toBeGreaterThan(400)
  expect(resumed).toBeGreaterThan(100)
}, 120_000)
