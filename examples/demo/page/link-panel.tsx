import { link, setLink, underway } from './link.js'
import { Panel } from './panel.js'
import { Switch } from './switch.js'
import { useValue } from './value.js'

/** Always there, so that nothing moves. */
function HeldBack() {
  const { toPage, toServer } = useValue(underway)
  return (
    <p className="held-back">
      Frames held back: <b data-held="to-page">{toPage}</b> in, <b data-held="to-server">{toServer}</b> out
    </p>
  )
}

export function LinkPanel() {
  const { cut, silent, slow } = useValue(link)
  return (
    <Panel name="link" title="The link" about="This page’s own socket, underneath its client.">
      <Switch
        label="Cut the link"
        hint="Breaks off, and none gets through."
        on={cut}
        danger
        onChange={(on) => setLink({ cut: on })}
      />
      <Switch
        label="Go silent"
        hint="Dead, and nobody is told. Found out in 35 s, or 8 s after you say something."
        on={silent}
        danger
        onChange={(on) => setLink({ silent: on })}
      />
      <Switch
        label="Slow motion"
        hint="Each frame takes 1.5 s, one at a time."
        on={slow}
        onChange={(on) => setLink({ slow: on })}
      />
      <HeldBack />
    </Panel>
  )
}
