import { useId } from 'react'

interface Props {
  readonly label: string
  readonly hint: string
  readonly on: boolean
  readonly danger?: boolean
  readonly onChange: (on: boolean) => void
}

export function Switch({ label, hint, on, danger = false, onChange }: Props) {
  const id = useId()
  return (
    <div className={danger ? 'switch switch-danger' : 'switch'}>
      <input
        type="checkbox"
        role="switch"
        id={id}
        checked={on}
        aria-checked={on}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.checked)}
      />
      <label htmlFor={id}>{label}</label>
      <p id={`${id}-hint`}>{hint}</p>
    </div>
  )
}
