/** What a schema found, as much of it as is worth telling. */
import type { Issue } from '@parley/shared'

/** A frame of 1 MiB can be wrong half a million times: the answer must not be larger than the question. */
const mostIssues = 100
const longestMessage = 1_000

/** The first fault, for a person, and how many more there are. */
export function firstIssue(issues: readonly Issue[]): string {
  const [issue] = issues
  if (!issue) return 'refused'
  const where = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  return shortened(where + issue.message) + more
}

/** The issues that travel. */
export function toldIssues(issues: readonly Issue[]): readonly Issue[] {
  return issues.slice(0, mostIssues)
}

/** A message that may repeat what it complains about. */
export function shortened(message: string): string {
  return message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message
}
