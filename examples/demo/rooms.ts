/** The rooms that there are. */
import { longestRoomName } from './contract.js'

export interface Room {
  readonly id: string
  readonly name: string
  readonly by: string
  readonly at: Date
}

/** `Release notes!` -> `release-notes`: what stands in an address. */
export function idOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
}

/** The beginning of a name, without half a character at its end. */
function cut(name: string, most: number): string {
  if (name.length <= most) return name
  return name
    .slice(0, most)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()
}

export class Rooms {
  readonly #rooms = new Map<string, Room>()

  constructor(names: readonly string[], by: string) {
    for (const name of names) this.open(name, by)
  }

  has(id: string): boolean {
    return this.#rooms.has(id)
  }

  list(): Room[] {
    return [...this.#rooms.values()]
  }

  /** Puts back what was there before a restart. */
  restore(rooms: readonly Room[]): void {
    for (const room of rooms) this.#rooms.set(room.id, room)
  }

  /** Opens a room, or says which name like it is still free. */
  open(name: string, by: string): { readonly room: Room } | { readonly suggestion: string } {
    const id = idOf(name)
    if (this.#rooms.has(id)) return { suggestion: this.#free(name) }
    const room = { id, name, by, at: new Date() }
    this.#rooms.set(id, room)
    return { room }
  }

  #free(name: string): string {
    for (let number = 2; ; number++) {
      const ending = ` ${number}`
      const suggestion = cut(name, longestRoomName - ending.length) + ending
      if (!this.#rooms.has(idOf(suggestion))) return suggestion
    }
  }
}
