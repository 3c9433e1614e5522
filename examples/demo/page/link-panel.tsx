import { link, setLink, underway } from './link.js'
import { Panel } from './panel.js'
import { Switch } from './switch.js'
import { useValue } from './value.js'

const frames = (count: number): string => (count === 1 ? '1 frame' : `${count} frames`)

/** Always there, so that nothing moves. */
function HeldBack() {
  const { toServer, toPage } = useValue(underway)
  return (
    <p className="held-back">
      Held back: <b data-held="to-page">{frames(toPage)}</b> to the page,{' '}
      <b data-held="to-server">{frames(toServer)}</b> to the server
    </p>
  )
}

export function LinkPanel() {
  const { cut, silent, slow } = useValue(link)
  return (
    <Panel name="link" title="The link" about="All act on this page’s own socket, underneath the client.">
      <Switch
        label="Cut the link"
        hint="Breaks off, and no attempt gets through."
        on={cut}
        danger
        onChange={(on) => setLink({ cut: on })}
      />
      <Switch
        label="Go silent"
        hint="Nothing gets through, and nobody is told. Found out after 35 s; say something, and after 8."
        on={silent}
        danger
        onChange={(on) => setLink({ silent: on })}
      />
      <Switch
        label="Slow motion"
        hint="Either way each frame takes 1.5 s, one at a time."
        on={slow}
        onChange={(on) => setLink({ slow: on })}
      />
      <HeldBack />
    </Panel>
  )
}
