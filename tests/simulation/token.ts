/** The credentials of a world: whose they are, since when, and how long they hold. */

/** @param lifeMs 0: for ever. */
export function makeToken(owner: Owner, now: number, lifeMs: number): string {
  return `${owner.client}@${now}@${lifeMs > 0 ? now + lifeMs : 'for ever'}@${owner.member}`
}

/** The program of a client, and the member that it is of. */
export interface Owner {
  readonly client: string
  readonly member: string
}

export function ownerOf(token: string): Owner {
  const [client, , , member] = token.split('@')
  return { client: client!, member: member! }
}

/** When it ends; undefined where it does not. */
export function endOf(token: string): number | undefined {
  const end = Number(token.split('@')[2])
  return Number.isNaN(end) ? undefined : end
}
