/** Light or dark: the system's choice until the visitor makes one. */
import { remember, remembered } from './memory.js'
import { createValue } from './value.js'

export type Theme = 'light' | 'dark'

const key = 'parley.theme'
const system = matchMedia('(prefers-color-scheme: dark)')

function chosen(): Theme | undefined {
  const theme = remembered(key)
  return theme === 'light' || theme === 'dark' ? theme : undefined
}

const current = (): Theme => chosen() ?? (system.matches ? 'dark' : 'light')

export const theme = createValue<Theme>(current())

const paint = (): void => {
  document.documentElement.dataset.theme = theme.getSnapshot()
}
theme.subscribe(paint)
system.addEventListener('change', () => theme.set(current()))
paint()

export function choose(next: Theme): void {
  remember(key, next)
  theme.set(next)
}
