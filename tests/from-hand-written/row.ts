/**
 * One promise and the programs that are held to it. A test that is meant to fail proves nothing by failing: it may fail for any
 * reason. So a promise's test does not throw where it is broken but lists, in words, what it saw; a program by hand has to
 * give exactly the list that the page prints, and Parley's the empty one. What throws fails either.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../../scripts/packages.js'

/** What is tested of a program: the same for both. */
export interface Promised<Program> {
  /** What ought to hold, as a sentence. */
  readonly says: string
  /** What does not hold of a program, in the words that the page prints; nothing, if it all does. */
  broken(program: Program): Promise<readonly string[]>
}

/** Starts a program; it ends with the test. */
export type Start<Program> = () => (Program & AsyncDisposable) | Promise<Program & AsyncDisposable>

/** A program by hand, and what is found broken of it. */
export interface ByHand<Program> {
  readonly start: Start<Program>
  readonly finds: readonly string[]
}

export interface Row<Program> {
  /** The title of its section. */
  readonly title: string
  readonly promised: Promised<Program>
  readonly byHand: readonly ByHand<Program>[]
  readonly parley: Start<Program>
  /** Beside the others that say so: it waits for real time, and shares nothing with them. */
  readonly concurrent?: boolean
}

const page = readFileSync(join(root, 'docs/from-hand-written.md'), 'utf8')

/** The titles of the page's sections that show a pattern, and of the rows that are tested. */
export const titles: readonly string[] = [...page.matchAll(/^## (\d+\. .*)$/gm)].map(
  ([, title]) => title as string,
)
export const tested: string[] = []

function sectionOf(title: string): string {
  const from = page.indexOf(`\n## ${title}\n`)
  const to = page.indexOf('\n## ', from + 1)
  return from < 0 ? '' : page.slice(from, to < 0 ? undefined : to)
}

export function testRow<Program>({
  title,
  promised,
  byHand,
  parley,
  concurrent = false,
}: Row<Program>): void {
  const brokenOf = async (start: Start<Program>): Promise<readonly string[]> => {
    await using program = await start()
    return await promised.broken(program)
  }
  tested.push(title)
  describe(title, { concurrent, timeout: 240_000 }, () => {
    const found = byHand.map((one) => ({ ...one, what: one.finds.join('; ') }))
    test.each(found)('by hand it does not hold: $what', async ({ start, finds }) => {
      expect(finds.length).toBeGreaterThan(0)
      expect(await brokenOf(start)).toEqual(finds)
    })

    test(`with Parley it holds: ${promised.says}`, async () => {
      expect(await brokenOf(parley)).toEqual([])
    })

    test('the page prints what is found of the programs by hand', () => {
      for (const { finds } of byHand) expect(sectionOf(title)).toContain(`\n${finds.join('\n')}\n`)
    })
  })
}
