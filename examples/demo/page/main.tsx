import './strict.js'
import { ParleyProvider } from '@parley/client/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.js'
import { client } from './client.js'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <ParleyProvider client={client}>
      <App />
    </ParleyProvider>
  </StrictMode>,
)
