import { describe, expect, test } from 'vitest'
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
})
