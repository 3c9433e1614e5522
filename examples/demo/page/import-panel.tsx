import { useConnection } from '@parley/client/react'
import { Panel } from './panel.js'
import { useImport } from './use-import.js'

export function ImportPanel() {
  const { state, start, cancel } = useImport()
  const { status } = useConnection()
  const { done, of, running, outcome } = state
  return (
    <Panel
      name="import"
      title="The import"
      about="Goes no faster than the page takes its progress. Cut the link: it goes on where it was."
      action={
        <button type="button" onClick={() => (running ? cancel() : void start())}>
          {running ? 'Cancel' : 'Import rows'}
        </button>
      }
    >
      <div className="import-body">
        <progress value={done} max={of} aria-label="Rows imported" />
        <p className="import-line">
          <span data-figure="imported">
            {done} of {of}
          </span>
          <span aria-live="polite">{running && status !== 'open' ? 'Waiting for the link.' : outcome}</span>
        </p>
      </div>
    </Panel>
  )
}
