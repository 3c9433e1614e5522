import { ConnectionPill } from './connection-pill.js'
import { NameField } from './name-field.js'
import { ThemeToggle } from './theme-toggle.js'

export function Header() {
  return (
    <header className="top">
      <div className="brand">
        <h1>Parley</h1>
        <p>One contract, typed on both sides. Nothing lost in silence, nothing twice.</p>
      </div>
      <ConnectionPill />
      <NameField />
      <ThemeToggle />
    </header>
  )
}
