import { ParleyProvider } from '@parley/client/react'
import { StrictMode } from 'react'
import { App } from './app.js'
import { client } from './client.js'
import { type Loaded, LoadedProvider } from './loaded.js'

/** All of the page, for the server and for the browser alike. */
export function Root({ loaded }: { readonly loaded: Loaded }) {
  return (
    <StrictMode>
      <ParleyProvider client={client}>
        <LoadedProvider value={loaded}>
          <App />
        </LoadedProvider>
      </ParleyProvider>
    </StrictMode>
  )
}
