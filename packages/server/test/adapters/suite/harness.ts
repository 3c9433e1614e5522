import type { Router } from '@parley/server'
import { onTestFinished } from 'vitest'
import { type EdgeOptions, makeEdge } from '../../shell/edge.js'

export interface ServeOptions {
  readonly port: number
  readonly hostname?: string
  readonly path?: string
  readonly within?: number
  readonly fetch?: (request: Request) => Response
}

/** A server that stands alone. */
export interface Served extends AsyncDisposable {
  readonly url: string
  stop(options?: { readonly within?: number }): Promise<void>
}

/** An application with a server, routes and sockets of its own, and a router mounted beside them. */
export interface Host {
  /** Without a slash behind. */
  readonly url: string
  /** The paths that the application was asked for: it answers `the host has {path}`. */
  readonly asked: readonly string[]
  /** What came to its own sockets, at `/chat`: `open`, `message {text}`, `close {code} {reason}`. */
  readonly told: readonly string[]
}

export interface AdapterUnderTest {
  serve<Context>(router: Router<Context>, options: ServeOptions): Promise<Served>
  /** Is stopped when the test is over. */
  host<Context>(router: Router<Context>, path: string): Promise<Host>
  /** Whether live events reach its sockets by a publish of the runtime's. */
  readonly publishes: boolean
  /** How many clients are cut in each test that cuts many. */
  readonly cuts: number
  /** What its host does by itself, with the reason: the tests of it are skipped with it. */
  readonly without?: {
    /** A server that stands alone. */
    readonly alone?: string
    /** An answer to a method that nobody handles. */
    readonly methods?: string
    /** An answer to a request that names no host. */
    readonly hostless?: string
  }
}

export type Edge = ReturnType<typeof makeEdge> & Pick<Served, 'url' | 'stop'> & { readonly host: string }
/** Starts a server with one of everything; it is stopped when the test is over. */
export type StartEdge = (options?: EdgeOptions) => Promise<Edge>

export function edgeOver({ serve }: AdapterUnderTest): StartEdge {
  return async (options = {}) => {
    const edge = makeEdge(options)
    const { url, stop } = await serve(edge.router, { port: 0, hostname: '127.0.0.1' })
    onTestFinished(() => stop())
    return { ...edge, url, host: new URL(url).host, stop: (stopping) => stop(stopping) }
  }
}
