/** Hono and Parley in one server of `node:http`: Parley in front, where its event streams keep Node's back-pressure. */
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { nodeHandler } from '@parley/server/node'
import { app } from './app.js'
import { router } from './router.js'

const realtime = nodeHandler(router, { path: '/realtime' })
const hono = getRequestListener(app.fetch)

export const createOnNode = () =>
  createServer((req, res) => {
    if (!realtime.handle(req, res)) void hono(req, res)
  }).on('upgrade', (req, socket, head) => {
    if (!realtime.upgrade(req, socket, head)) socket.destroy()
  })
