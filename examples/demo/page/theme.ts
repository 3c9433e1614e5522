/** Light or dark: the system's choice until the visitor makes one. The server writes that one into the page. */
import { useSyncExternalStore } from 'react'
import { useLoaded } from './loaded.js'
import { remember, remembered } from './memory.js'
import { createValue } from './value.js'

export type Theme = 'light' | 'dark'

export const themeKey = 'parley-theme'

export const themeOf = (text: string | undefined): Theme | undefined =>
  text === 'light' || text === 'dark' ? text : undefined

const choice = createValue(themeOf(remembered(themeKey)))
const system = (): MediaQueryList => matchMedia('(prefers-color-scheme: dark)')

function subscribe(listener: () => void): () => void {
  const stop = choice.subscribe(listener)
  const query = system()
  query.addEventListener('change', listener)
  return () => {
    stop()
    query.removeEventListener('change', listener)
  }
}

const current = (): Theme => choice.getSnapshot() ?? (system().matches ? 'dark' : 'light')

export function choose(next: Theme): void {
  remember(themeKey, next)
  document.documentElement.dataset.theme = next
  choice.set(next)
}

export function useTheme(): Theme {
  const { theme } = useLoaded()
  return useSyncExternalStore(subscribe, current, () => theme ?? 'light')
}
