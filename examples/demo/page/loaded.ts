/** What the server read for the page, with the position of each part: the page is drawn from it, and reads on from there. */
import type { InferEvent, InferOutput } from '@parley/shared'
import { createContext, useContext } from 'react'
import type { contract } from '../contract.js'
import type { Message } from './message.js'
import type { Notice } from './notice.js'
import type { Theme } from './theme.js'

interface At<Data> {
  readonly data: Data
  readonly position: string
}

export type Stats = InferEvent<typeof contract, 'stats', 'changed'>
export type Room = InferOutput<typeof contract, 'rooms.list'>[number]
export type Tick = InferEvent<typeof contract, 'ticks', 'tick'>

export interface Loaded {
  /** The visitor's, from the cookies. */
  readonly name: string
  /** Nothing: as the system has it. */
  readonly theme: Theme | undefined
  /** As curl takes it. */
  readonly server: string
  readonly roomId: string
  /** Nothing where there is no such room. */
  readonly messages: At<readonly Message[]> | undefined
  readonly rooms: At<readonly Room[]>
  readonly notices: At<readonly Notice[]>
  readonly stats: At<Stats>
  readonly tick: At<Tick | undefined>
}

const LoadedContext = createContext<Loaded | undefined>(undefined)
export const LoadedProvider = LoadedContext.Provider

export function useLoaded(): Loaded {
  const loaded = useContext(LoadedContext)
  if (!loaded) throw new Error('There is no LoadedProvider above.')
  return loaded
}

/** For an element of the page: nothing in it can end that element, or begin another. */
export function toJson(loaded: Loaded): string {
  return JSON.stringify(loaded).replaceAll('<', '\\u003c')
}

/** Every `at` is a date, and nothing else is. */
export function fromJson(text: string): Loaded {
  return JSON.parse(text, (key, value: unknown) => (key === 'at' ? new Date(String(value)) : value)) as Loaded
}
