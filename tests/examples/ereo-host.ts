/** Ereo servers, with a router as route files in them: what the file router would find in a folder is given as values. */
import { createFileRouter } from '@ereo/router'
import { createServer, type ServerOptions } from '@ereo/server'
import type { Router } from '@parley/server'
import { ereoRoute } from '@parley/server/ereo'

/** What a route file at this address exports. */
export type Routes = Readonly<Record<string, object>>

/** The two files of a router that is mounted at a path. */
export function mounted<Context>(router: Router<Context>, path: string): Routes {
  const { websocket, ...methods } = ereoRoute(router, { path })
  const base = path.split('/').filter(Boolean)
  return {
    [`/${base.join('/')}`]: { ...methods, websocket },
    [`/${[...base, '[part]', '[...rest]'].join('/')}`]: methods,
  }
}

/** A server that has these routes, not yet started. */
export async function ereoServer(routes: Routes, options: ServerOptions = {}) {
  const found = Object.entries(routes).map(([path, module]) => ({ id: path, path, file: '', module }))
  const router = await createFileRouter({ routesDir: import.meta.dirname })
  Object.assign(router, { getRoutes: () => found, loadModule: async () => {} })
  const server = createServer({
    port: 0,
    hostname: '127.0.0.1',
    development: false,
    logging: false,
    ...options,
  })
  server.setRouter(router)
  return server
}
