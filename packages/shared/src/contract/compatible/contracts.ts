/**
 * Whether a client that was built with an older contract may go on with a server of a newer one. It may if everything
 * that it sends is still taken (params, inputs, what it wants of its presence), and everything that it is sent still fits
 * what it was built for (events, outputs, yields, errors, presence). What is new beside that is nothing to it: channels,
 * calls and events that it does not know it does not ask for, or passes over.
 */
import type { KnownContract } from '../describe.js'
import type { Json } from '../fingerprint.js'
import { spelled } from './defs.js'
import { type Misfit, SchemaFit } from './schemas.js'

/** Something of the older contract that the newer one does not keep. */
export interface Difference extends Misfit {
  /** Path of the channel, call or stream that it belongs to. */
  readonly part: string
}

/** What stands in a description under a name. */
type Spec = { readonly [name: string]: Json | undefined }

const none: Spec = {}

/**
 * Everything that a client of the contract `before` could stumble over at a server of the contract `now`, the first of
 * each part of it; nothing if it fits. Equal descriptions differ in nothing.
 */
export function compareContracts(before: KnownContract, now: KnownContract): readonly Difference[] {
  return new Comparison(before, now).run()
}

class Comparison {
  readonly #before: KnownContract
  readonly #now: KnownContract
  readonly #schemas: SchemaFit
  readonly #found: Difference[] = []
  /** What is being compared. */
  #part = ''

  constructor(before: KnownContract, now: KnownContract) {
    this.#before = before
    this.#now = now
    this.#schemas = new SchemaFit(before.schemas, now.schemas)
  }

  run(): readonly Difference[] {
    for (const [name, compare] of [
      ['channels', this.#channel],
      ['calls', this.#call],
      ['streams', this.#stream],
    ] as const) {
      const [before, now] = [this.#before.contract[name], this.#now.contract[name]]
      for (const [part, spec] of Object.entries(before)) {
        this.#part = part
        if (Object.hasOwn(now, part)) compare.call(this, part, asSpec(spec), asSpec(now[part]))
        else this.#differs(part, 'there is none any more')
      }
    }
    return this.#found
  }

  #channel(path: string, before: Spec, now: Spec): void {
    this.#params(path, before.params, now.params)
    if (before.times === true && now.times !== true) this.#differs(path, 'its events have no `at` any more')
    const events = asSpec(now.events)
    for (const [name, event] of Object.entries(asSpec(before.events))) {
      // one that is gone is never sent again
      if (!Object.hasOwn(events, name)) continue
      const [was, is] = [asSpec(event), asSpec(events[name])]
      if (was.volatile !== true && is.volatile === true)
        this.#differs(`${path}.${name}`, 'it is volatile now')
      this.#read(`${path}.${name}`, was.schema, is.schema)
    }
    const messages = asSpec(now.messages)
    for (const [name, message] of Object.entries(asSpec(before.messages))) {
      const at = `${path}.${name}`
      const [was, is] = [asSpec(message), asSpec(messages[name])]
      if (!Object.hasOwn(messages, name)) this.#differs(at, 'there is no such message any more')
      else if ((was.kind === 'volatile') !== (is.kind === 'volatile'))
        this.#differs(at, is.kind === 'volatile' ? 'it is volatile now' : 'it is not volatile any more')
      else this.#call(at, was, is)
    }
    if (before.presence === undefined) return
    const at = `${path}.presence`
    if (now.presence === undefined) this.#differs(at, 'there is none any more')
    else {
      this.#written(at, before.presence, now.presence)
      this.#read(at, before.presence, now.presence)
    }
  }

  #call(path: string, before: Spec, now: Spec): void {
    if (before.idempotent === true && now.idempotent !== true)
      this.#differs(path, 'it is not idempotent any more')
    this.#written(`${path}.input`, before.input, now.input)
    if (before.output !== undefined) this.#read(`${path}.output`, before.output, now.output)
    const known = asSpec(before.errors)
    for (const [code, error] of Object.entries(asSpec(now.errors))) {
      const at = `${path}.errors.${spelled(code)}`
      if (!Object.hasOwn(known, code)) this.#differs(at, 'it is new')
      else this.#read(at, asSpec(known[code]).schema, asSpec(error).schema)
    }
  }

  #stream(path: string, before: Spec, now: Spec): void {
    this.#call(path, before, now)
    this.#read(`${path}.yields`, before.yields, now.yields)
  }

  /** They name the topic: without one of them, two topics would be one. */
  #params(path: string, before: Json | undefined, now: Json | undefined): void {
    this.#written(`${path}.params`, before, now)
    const [was, is] = [numberOf(before), numberOf(now)]
    if (was === undefined || is === undefined) return
    const kept = this.#schemas.names('now', is)
    const gone = this.#schemas.names('before', was)?.find((name) => kept && !kept.includes(name))
    if (gone !== undefined)
      this.#differs(`${path}.params.${spelled(gone)}`, 'there is no such param any more')
  }

  /** What the client sends. Where there is no schema, that is nothing. */
  #written(path: string, before: Json | undefined, now: Json | undefined): void {
    const [was, is] = [numberOf(before), numberOf(now)]
    if (was !== undefined && is !== undefined) this.#add(this.#schemas.written(was, is, path))
    else if (was !== undefined) this.#differs(path, 'nothing is taken any more')
    else if (is !== undefined && !this.#schemas.takesNothing('now', is, 'written'))
      this.#differs(path, 'it is required now')
  }

  /** What the client is sent. Without a schema it has no use for it. */
  #read(path: string, before: Json | undefined, now: Json | undefined): void {
    const [was, is] = [numberOf(before), numberOf(now)]
    if (was === undefined) return
    if (is !== undefined) this.#add(this.#schemas.read(was, is, path))
    else if (!this.#schemas.takesNothing('before', was, 'read')) this.#differs(path, 'there is none any more')
  }

  #differs(path: string, why: string): void {
    this.#add({ path, why })
  }

  #add(misfit: Misfit | undefined): void {
    if (misfit) this.#found.push({ part: this.#part, ...misfit })
  }
}

function asSpec(value: Json | undefined): Spec {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Spec) : none
}

function numberOf(schema: Json | undefined): number | undefined {
  const { $: n } = asSpec(schema)
  return typeof n === 'number' ? n : undefined
}
