/**
 * Light or dark: the system's choice until the visitor makes one. The server writes that one into the page, and the
 * styles decide what either shows: nothing waits for the script.
 */
import { remember } from './memory.js'

export type Theme = 'light' | 'dark'

export const themeKey = 'parley-theme'

export const themeOf = (text: string | undefined): Theme | undefined =>
  text === 'light' || text === 'dark' ? text : undefined

function shown(): Theme {
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  return themeOf(document.documentElement.dataset.theme) ?? system
}

/** Changes to the other colours, for this visit and the next. */
export function swap(): void {
  const next = shown() === 'dark' ? 'light' : 'dark'
  remember(themeKey, next)
  document.documentElement.dataset.theme = next
}
