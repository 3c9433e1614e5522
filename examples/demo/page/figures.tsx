import { expected, type Tally } from './tally.js'

export const grouped = (count: number): string => count.toLocaleString('en')

interface FigureProps {
  readonly name: string
  readonly label: string
  readonly count: number
  /** Worth a look, and no fault. */
  readonly note?: boolean
  /** Not as promised. */
  readonly fault?: boolean
}

function Figure({ name, label, count, note = false, fault = false }: FigureProps) {
  return (
    <div className={`figure ${fault ? 'figure-fault' : note ? 'figure-note' : ''}`}>
      <dt>{label}</dt>
      <dd data-figure={name}>{grouped(count)}</dd>
    </div>
  )
}

/** What was counted, and the sum that anyone can do again. */
export function Figures({ tally }: { readonly tally: Tally }) {
  const { first, last, earlier, received, replayed, lost, twice, gaps, told } = tally
  return (
    <>
      <dl className="figures">
        <Figure name="received" label="received" count={received} />
        <Figure name="replayed" label="late" count={replayed} note={replayed > 0} />
        <Figure name="lost" label="lost" count={lost} fault={lost > 0} />
        <Figure name="twice" label="twice" count={twice} fault={twice > 0} />
        <Figure name="gaps" label="gaps told" count={gaps} note={gaps > 0} />
      </dl>
      <p className="sum">
        {first === undefined || last === undefined ? (
          'Waiting for the first number'
        ) : (
          <>
            …{String(last).slice(-5)} − …{String(first).slice(-5)} + 1
            {earlier > 0 && ` + ${grouped(earlier)}`} = <b>{grouped(expected(tally))}</b>
            {told > 0 && `, less ${grouped(told)} in gaps`}
          </>
        )}
      </p>
    </>
  )
}
