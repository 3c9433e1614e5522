import type { ReactNode } from 'react'

interface Props {
  readonly name: string
  readonly title: ReactNode
  /** One line that says what the panel shows. */
  readonly about: ReactNode
  /** Stands beside the title. */
  readonly action?: ReactNode
  readonly children: ReactNode
}

/** A part of the page with its heading, as a landmark. */
export function Panel({ name, title, about, action, children }: Props) {
  return (
    <section className={`panel ${name}`} aria-labelledby={`${name}-title`}>
      <header className="panel-head">
        <div className="panel-line">
          <h2 id={`${name}-title`}>{title}</h2>
          {action}
        </div>
        <p className="about">{about}</p>
      </header>
      {children}
    </section>
  )
}
