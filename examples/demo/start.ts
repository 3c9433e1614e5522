/** `npm start`: builds the page, serves the demo, and stops cleanly on Ctrl-C. What goes wrong is one sentence. */

const wanted = process.env.PORT ?? '3000'
/** How long SIGTERM lets what runs finish. The log belongs to one process, so nobody can take over meanwhile. */
const drainMs = 3_000

/** What somebody who started this can do about an error, where it is one of the ordinary ones. */
function explain(error: unknown): string | undefined {
  const { code, message, errors } = error as { code?: string; message?: string; errors?: unknown[] }
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${wanted} is taken. Stop what is there, or take another: PORT=${Number(wanted) + 1} npm start`
    case 'EACCES':
      return `Port ${wanted} may not be used by this user. Take another: PORT=3000 npm start`
    case 'BAD_OPTIONS':
      return `${message}\nDATA=other.db PORT=${Number(wanted) + 1} npm start takes another file, and another port.`
    case 'ERR_MODULE_NOT_FOUND':
      return `${message}\nThe packages are not there, or not built: run \`npm install\`, then start with \`npm start\`.`
  }
  if (errors) return `The page could not be built:\n${errors.map(String).join('\n')}`
  return undefined
}

function fail(sentence: unknown): never {
  console.error(sentence)
  process.exit(1)
}

async function start(): Promise<void> {
  const port = /^\d{1,5}$/.test(wanted) ? Number(wanted) : 65_536
  if (port > 65_535) fail(`PORT=${wanted} is no port: it is a number from 0 (any free one) to 65535.`)
  // only now, so that a package that is missing can be spoken of
  const [{ buildPage }, { startDemo }] = await Promise.all([import('./page.js'), import('./server.js')])
  const demo = await startDemo({ port, page: await buildPage() })

  console.log(`
  Parley demo

  page            ${demo.url}
  realtime        ${demo.url}/realtime
  notifications   ${demo.url}/api/events   (plain SSE: curl -N)

  Ctrl-C stops it.
`)

  const stop = (within: number) => (): void => {
    console.log('\nStopping: every page is told to come back later.')
    void demo.stop({ within }).then(() => process.exit(0))
  }
  process.once('SIGINT', stop(0))
  process.once('SIGTERM', stop(drainMs))
}

start().catch((error: unknown) => fail(explain(error) ?? error))
