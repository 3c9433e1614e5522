import { ParleyError, type Report } from '@parley/shared'
import { printReport } from '@parley/shared/internal'
import { expect, onTestFinished, test, vi } from 'vitest'

function printed(report: Report): string {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  printReport(report)
  return warn.mock.calls.map(([line]) => String(line)).join('\n')
}

test('a report is one line, with its kind, its place and the id that the client was told', () => {
  const report = {
    kind: 'protocol',
    path: 'room',
    id: 'a1',
    message: 'unknown frame',
    suppressed: 3,
  } as const
  expect(printed(report)).toBe('[parley] protocol room [a1] unknown frame (and 3 more before it)')
})

test('a refusal stays one line, whatever was thrown, and says where', () => {
  const message = 'a client was refused'
  const error = new Error('the token has expired')
  const line = printed({ kind: 'refused', message, error })
  expect(line).toMatch(
    /^\[parley\] refused a client was refused: Error: the token has expired, at .*report\.test\.ts.*$/,
  )
  expect(printed({ kind: 'refused', message, error: new ParleyError('FORBIDDEN', 'not today') })).toContain(
    'a client was refused: FORBIDDEN: not today',
  )
  expect(printed({ kind: 'refused', message, error: 'no' })).toContain('a client was refused: no')
})

test('what a handler threw is printed with its whole stack', () => {
  const error = new Error('a bug')
  expect(printed({ kind: 'handler-failed', message: 'failed', error })).toContain(error.stack)
})
