/** The page: its script and its styles, built by Bun when the server starts, and its HTML, drawn for each visitor. */
import { renderToString } from 'react-dom/server'
import { type Loaded, toJson } from './page/loaded.js'
import { Root } from './page/root.js'

export interface Page {
  /** Answers for the page's own files; nothing for any other path. */
  respond(pathname: string): Response | undefined
  /** The page with what was read for it. */
  draw(loaded: Loaded, status: number): Response
}

/** The page loads what its own server gave it, and nothing else. */
const policy = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"

const htmlHeaders = {
  'content-type': 'text/html;charset=utf-8',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store', // it is one visitor's, and of one moment
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
}

/**
 * Builds the page.
 *
 * @throws AggregateError with one entry for each fault in its sources.
 */
export async function buildPage(): Promise<Page> {
  const { outputs } = await Bun.build({
    entrypoints: [`${import.meta.dir}/page/index.html`],
    target: 'browser',
    conditions: ['source'], // straight from the sources of the packages: nothing has to be built before
    define: { 'process.env.NODE_ENV': '"production"' },
    publicPath: '/',
    minify: true,
  })
  const files = new Map<string, Blob>()
  let html = ''
  for (const output of outputs) {
    const path = output.path.replace(/^\.?\//, '/')
    if (path === '/index.html') html = await output.text()
    else files.set(path, output)
  }
  return {
    respond(pathname) {
      const file = files.get(pathname)
      const headers = {
        'content-type': file?.type ?? '',
        'x-content-type-options': 'nosniff',
        'cache-control': 'public, max-age=31536000, immutable', // a name changes with what is in the file
      }
      return file && new Response(file, { headers })
    },
    draw(loaded, status) {
      const theme = loaded.theme ? ` data-theme="${loaded.theme}"` : ''
      const root = renderToString(<Root loaded={loaded} />)
      const data = `<script type="application/json" id="loaded">${toJson(loaded)}</script>`
      // by functions: `$` in what somebody said is no pattern
      const drawn = html
        .replace('<html', () => `<html${theme}`)
        .replace('<div id="root"></div>', () => `<div id="root">${root}</div>${data}`)
      return new Response(drawn, { status, headers: htmlHeaders })
    },
  }
}
