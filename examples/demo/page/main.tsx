import './strict.js'
import { hydrateRoot } from 'react-dom/client'
import { fromJson } from './loaded.js'
import { Root } from './root.js'
import { followOldLink } from './use-room-id.js'

followOldLink()
hydrateRoot(
  document.getElementById('root')!,
  <Root loaded={fromJson(document.getElementById('loaded')!.textContent!)} />,
)
