/**
 * Which clients' contracts fit this server's: pages stay open over a deploy, and were built with the contract of then.
 * A client tells the fingerprint of its own. The server keeps a description of each contract that it serves, so that a
 * later version of it can compare; where the log is not durable, the application brings descriptions along.
 */
import { ParleyError, type Report } from '@parley/shared'
import {
  type Clock,
  type ContractSpecs,
  compareContracts,
  type Difference,
  describeContract,
  isFingerprint,
  type KnownContract,
  parseDescription,
} from '@parley/shared/internal'
import type { ContractStore } from '../logs/log.js'

/** What to do about a contract that nothing is known of. */
export type OnMismatch = 'report' | 'refuse'

/** Whether a client may go on; if not, why. */
export type Verdict =
  | { readonly fits: 'same' | 'compatible' | 'unknown'; readonly refusal?: undefined }
  | { readonly refusal: string }

export interface ContractsOptions {
  readonly contract: ContractSpecs
  /** Descriptions that the application brings along. */
  readonly known?: readonly unknown[] | undefined
  readonly onMismatch?: OnMismatch | undefined
  readonly store: ContractStore | undefined
  readonly clock: Clock
  readonly report: (report: Report) => void
}

/** What was found of a contract; nothing while none of it is known. */
interface Finding {
  readonly differences: readonly Difference[] | undefined
  readonly at: number
}

/** Findings that are remembered; a client may tell what it likes. */
const mostFindings = 256
/** Another node may have served a contract since it was asked for. */
const askAgainMs = 10_000

export class Contracts {
  readonly #options: ContractsOptions
  readonly #known: ReadonlyMap<string, KnownContract>
  readonly #findings = new Map<string, Finding>()
  #own: KnownContract | undefined
  #isKept = false

  /** @throws ParleyError `BAD_OPTIONS` for what is no description. */
  constructor(options: ContractsOptions) {
    this.#options = options
    this.#known = new Map((options.known ?? []).map(checked).map((one) => [one.fingerprint, one]))
    checkMismatch(options.onMismatch)
  }

  /**
   * @param told Fingerprint that the client told, if it told any.
   * @param part Path of the channel, call or stream that alone it wants; nothing: it may want all of them.
   */
  check(told: string | null | undefined, part?: string): Verdict | Promise<Verdict> {
    const { contract, clock } = this.#options
    if (told === contract.fingerprint) {
      this.#keep()
      return { fits: 'same' }
    }
    if (!told || /^0+$/.test(told)) return { fits: 'unknown' }
    const before = this.#findings.get(told)
    if (before?.differences) return judge(before.differences, part)
    if (before && clock.now() - before.at < askAgainMs) return this.#unknown(told)
    return this.#find(told).then((differences) => {
      this.#note(told, differences, before !== undefined)
      return differences ? judge(differences, part) : this.#unknown(told)
    })
  }

  async #find(told: string): Promise<readonly Difference[] | undefined> {
    if (!isFingerprint(told)) return undefined
    const known = this.#known.get(told) ?? (await this.#stored(told))
    if (!known) return undefined
    this.#own ??= describeContract(this.#options.contract)
    return compareContracts(known, this.#own)
  }

  async #stored(told: string): Promise<KnownContract | undefined> {
    try {
      const text = await this.#options.store?.find(told)
      return text === undefined ? undefined : parseDescription(JSON.parse(text))
    } catch (error) {
      const message = `the description of the contract ${told} could not be read`
      this.#options.report({ kind: 'log-failed', message, error })
      return undefined
    }
  }

  /** Remembers what was found, and tells of it once. */
  #note(told: string, differences: readonly Difference[] | undefined, wasTold: boolean): void {
    this.#findings.delete(told)
    this.#findings.set(told, { differences, at: this.#options.clock.now() })
    const [oldest] = this.#findings.keys()
    if (this.#findings.size > mostFindings && oldest !== undefined) this.#findings.delete(oldest)
    if (wasTold && !differences) return
    const shown = JSON.stringify(told.slice(0, 32))
    const message = !differences
      ? `a client was built with the contract ${shown}, which this server has no description of`
      : differences.length === 0
        ? `a client was built with the contract ${shown}, which fits`
        : `a client was built with the contract ${shown}, which does not fit: ${textOf(differences)}`
    this.#options.report({ kind: 'contract', message })
  }

  #unknown(told: string): Verdict {
    if (this.#options.onMismatch !== 'refuse') return { fits: 'unknown' }
    return { refusal: `this server does not know the contract ${JSON.stringify(told.slice(0, 32))}` }
  }

  /** Keeps this contract for the versions after it, once it is served. */
  #keep(): void {
    const { store, contract, report } = this.#options
    if (this.#isKept || !store) return
    this.#isKept = true
    this.#own ??= describeContract(contract)
    store.save(contract.fingerprint, JSON.stringify(this.#own)).catch((error: unknown) => {
      this.#isKept = false // with the next client
      report({ kind: 'log-failed', message: 'the description of the contract could not be kept', error })
    })
  }
}

function judge(differences: readonly Difference[], part: string | undefined): Verdict {
  const meant = part === undefined ? differences : differences.filter((one) => one.part === part)
  if (meant.length === 0) return { fits: 'compatible' }
  return { refusal: textOf(meant) }
}

/** The first difference, and how many there are: a close reason holds little more. */
function textOf(differences: readonly Difference[]): string {
  const [first, ...others] = differences
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return `${first!.path}: ${first!.why}${more}`
}

function checked(one: unknown, i: number): KnownContract {
  const known = parseDescription(one)
  if (known) return known
  throw new ParleyError(
    'BAD_OPTIONS',
    `contracts[${i}] is no description of a contract: give what describeContract made, as it was`,
  )
}

function checkMismatch(given: string | undefined): void {
  if (given === undefined || given === 'report' || given === 'refuse') return
  throw new ParleyError('BAD_OPTIONS', `onMismatch is 'report' or 'refuse', not ${JSON.stringify(given)}`)
}
