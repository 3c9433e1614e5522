import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Router } from '@parley/server'
import { nodeHandler, serve } from '@parley/server/node'
import { onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { adapterSuite, type Host } from './adapter-suite.js'

async function host<Context>(router: Router<Context>, path: string): Promise<Host> {
  const asked: string[] = []
  const told: string[] = []
  const realtime = nodeHandler(router, { path })
  const app: RequestListener = (req, res) => {
    asked.push(new URL(req.url!, 'http://localhost').pathname)
    res.end(`the host has ${req.url}`)
  }
  const chat = new WebSocketServer({ noServer: true })
  chat.on('connection', (ws) => {
    told.push('open')
    ws.on('message', (data) => told.push(`message ${data}`))
    ws.on('close', (code, reason) => told.push(`close ${code} ${reason}`))
  })
  const server = createServer((req, res) => realtime.handle(req, res) || app(req, res))
  server.on('upgrade', (req, socket, head) => {
    if (realtime.upgrade(req, socket, head)) return
    chat.handleUpgrade(req, socket, head, (ws) => chat.emit('connection', ws))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, told }
}

adapterSuite('Node', { serve, host, publishes: false, cuts: 100 })
