import { describe, expect, test } from 'vitest'
import { RoomName } from '../../examples/demo/contract.js'
import { idOf, Rooms } from '../../examples/demo/rooms.js'

describe('the rooms of the demo', () => {
  test('have an id that can stand in an address', () => {
    expect(['Release notes!', '  Ünder Ground ', '第一', 'a--b'].map(idOf)).toEqual([
      'release-notes',
      'ünder-ground',
      '第一',
      'a-b',
    ])
  })

  test('are opened once, and the name that is offered instead is free', () => {
    const rooms = new Rooms(['Lunch', 'Lunch 2'], 'Ada')
    const refused = rooms.open('lunch', 'Grace')
    expect(refused).toEqual({ suggestion: 'lunch 3' })
    if (!('suggestion' in refused)) throw new Error('it was opened')
    expect(rooms.open(refused.suggestion, 'Grace')).toMatchObject({ room: { id: 'lunch-3', by: 'Grace' } })
    expect(rooms.list().map(({ id }) => id)).toEqual(['lunch', 'lunch-2', 'lunch-3'])
    expect(rooms.has('lunch-3')).toBe(true)
    expect(rooms.has('lunch-4')).toBe(false)
  })
  test.each([
    ['as long as a name may be', 'n'.repeat(40), `${'n'.repeat(38)} 2`],
    ['with a space where it is cut', `${'n'.repeat(37)} nn`, `${'n'.repeat(37)} 2`],
    ['with half a character where it is cut', `${'n'.repeat(37)}😀n`, `${'n'.repeat(37)} 2`],
  ])('offer a name that may be taken, instead of one %s', (_, name, suggestion) => {
    const rooms = new Rooms([RoomName.parse(name)], 'Ada')
    expect(rooms.open(name, 'Grace')).toEqual({ suggestion })
    expect(RoomName.parse(suggestion)).toBe(suggestion)
    expect(rooms.open(suggestion, 'Grace')).toHaveProperty('room')
  })
})
