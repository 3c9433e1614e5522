import { expect, test } from 'vitest'
import { type Outcome, outcomeFromText, outcomeToText } from '../src/outcome-text.js'

const payload = {
  json: '{"bytes":0,"at":"2026"}',
  meta: '{"values":{"at":["Date"]}}',
  blobs: [Uint8Array.of(0, 255), new Uint8Array()],
}

test.each<[string, Outcome]>([
  ['nothing', {}],
  ['an output', { output: { json: '5' } }],
  ['an output with bytes', { output: payload }],
  [
    'a failure',
    {
      failure: {
        code: 'CONFLICT',
        message: 'no',
        status: 409,
        report: 'r1',
        issues: [{ path: ['a', 0], message: 'm' }],
      },
    },
  ],
  ['a failure with data', { failure: { code: 'SOLD_OUT', message: 'no', status: 410, data: payload } }],
])('an outcome of %s is read as it was written', (_, outcome) => {
  expect(outcomeFromText(outcomeToText(outcome))).toEqual(outcome)
})
