import { swap } from './theme.js'

/** One button whose name and icon the styles choose, as they know the system's colours before any script does. */
export function ThemeToggle() {
  return (
    <button type="button" className="icon-button" onClick={swap}>
      <span className="in-light">
        <span className="visually-hidden">Use dark colours</span>
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M16.6 12.1A7 7 0 0 1 7.9 3.4a7 7 0 1 0 8.7 8.7Z" />
        </svg>
      </span>
      <span className="in-dark">
        <span className="visually-hidden">Use light colours</span>
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M10 6.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6ZM10 1.8v1.6M10 16.6v1.6M18.2 10h-1.6M3.4 10H1.8M15.8 4.2l-1.1 1.1M5.3 14.7l-1.1 1.1M15.8 15.8l-1.1-1.1M5.3 5.3 4.2 4.2" />
        </svg>
      </span>
    </button>
  )
}
