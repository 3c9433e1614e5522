/** The page, built by Bun when the server starts: one HTML file, its script and its styles, kept in memory. */

export interface Page {
  /** Answers for the page's own files; nothing for any other path. */
  respond(pathname: string): Response | undefined
}

/** The page loads what its own server gave it, and nothing else. */
const policy = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"

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
  const files = new Map<string, { readonly body: Blob; readonly headers: HeadersInit }>()
  for (const output of outputs) {
    const path = output.path.replace(/^\.?\//, '/')
    const html = path === '/index.html'
    files.set(html ? '/' : path, {
      body: output,
      headers: {
        'content-type': output.type,
        'x-content-type-options': 'nosniff',
        // the names of all other files change with what is in them
        'cache-control': html ? 'no-cache' : 'public, max-age=31536000, immutable',
        ...(html ? { 'content-security-policy': policy, 'referrer-policy': 'no-referrer' } : {}),
      },
    })
  }
  return {
    respond(pathname) {
      const file = files.get(pathname)
      return file && new Response(file.body, { headers: file.headers })
    },
  }
}
