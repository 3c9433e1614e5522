import { describe, expect, test } from 'vitest'
import { newsOf, peopleOf } from '../../examples/demo/page/present.js'

const member = (name: string, ...away: readonly boolean[]) => ({
  member: name,
  entries: away.map((one, i) => ({ entry: `${name}-${i}`, state: { name, away: one }, since: i })),
})

describe('who is in a room of the demo', () => {
  test('is one person for all tabs, and away only where no tab is looked at', () => {
    expect(peopleOf([member('Ada', true, false), member('Grace', true)], [])).toEqual([
      { member: 'Ada', name: 'Ada', away: false, tabs: 2, isTyping: false },
      { member: 'Grace', name: 'Grace', away: true, tabs: 1, isTyping: false },
    ])
  })

  test('is shown as typing only while there', () => {
    const here = peopleOf([member('Ada', false)], ['Ada', 'Grace'])
    expect(here.map(({ name, isTyping }) => [name, isTyping])).toEqual([['Ada', true]])
  })

  test('is told when somebody comes or goes, and not when only a tab does, or when it is the visitor', () => {
    const [ada, grace] = [member('Ada', false), member('Grace', false)]
    expect(newsOf({ joined: [ada], updated: [], left: [grace] }, ['Edna'])).toBe('Ada joined; Grace left')
    expect(newsOf({ joined: [], updated: [ada], left: [] }, ['Edna'])).toBe('')
    expect(newsOf({ joined: [ada], updated: [], left: [grace] }, ['Ada', 'Grace'])).toBe('')
  })
})
