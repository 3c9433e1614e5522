/** The credentials of a world: whose they are, since when, and how long they hold. */

/** @param lifeMs 0: for ever. */
export function makeToken(owner: string, now: number, lifeMs: number): string {
  return `${owner}@${now}@${lifeMs > 0 ? now + lifeMs : 'for ever'}`
}

export function ownerOf(token: string): string {
  return token.split('@')[0]!
}

/** When it ends; undefined where it does not. */
export function endOf(token: string): number | undefined {
  const end = Number(token.split('@')[2])
  return Number.isNaN(end) ? undefined : end
}
