import { link, setLink } from './link.js'
import { Panel } from './panel.js'
import { Switch } from './switch.js'
import { useValue } from './value.js'

export function LinkPanel() {
  const { cut, slow } = useValue(link)
  return (
    <Panel name="link" title="The link" about="Both act on this page’s own socket, underneath the client.">
      <Switch
        label="Cut the link"
        hint="Breaks off, and no attempt gets through."
        on={cut}
        danger
        onChange={(on) => setLink({ cut: on })}
      />
      <Switch
        label="Slow link"
        hint="All that comes, comes 1.5 s later."
        on={slow}
        onChange={(on) => setLink({ slow: on })}
      />
    </Panel>
  )
}
