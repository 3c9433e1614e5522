/** `npm run ereo`: builds the pages' script, serves the example, stops on Ctrl-C, and at SIGTERM when what runs is done. */
import type { Site } from './server.js'

const drainMs = 5_000
const wanted = process.env.PORT ?? '3000'

function fail(sentence: unknown): never {
  console.error(sentence)
  process.exit(1)
}

/** What somebody who started this can do about an error, where it is one of the ordinary ones. */
function explain(error: unknown): string | undefined {
  const { code, message, errors } = error as { code?: string; message?: string; errors?: unknown[] }
  if (code === 'EADDRINUSE')
    return `Port ${wanted} is taken. Stop what is there, or take another: PORT=${Number(wanted) + 1} npm run ereo`
  if (code === 'ERR_MODULE_NOT_FOUND')
    return `${message}\nThe packages are not there: run \`npm install\`, then start with \`npm run ereo\`.`
  if (errors) return `The pages' script could not be built:\n${errors.map(String).join('\n')}`
  return undefined
}

async function start(): Promise<void> {
  const port = /^\d{1,5}$/.test(wanted) ? Number(wanted) : 65_536
  if (port > 65_535) fail(`PORT=${wanted} is no port: it is a number from 0 (any free one) to 65535.`)
  // only now, so that a package that is missing can be spoken of
  const { startSite } = await import('./server.js')
  const site: Site = await startSite(port)
  const url = `http://localhost:${site.port}`
  console.log(`
  Parley in EreoJS

  pages       ${url}, ${url}/dashboard, ${url}/chat
  realtime    ${url}/api/ws
  feed        ${url}/api/events   (plain SSE: curl -N)

  Ctrl-C stops it.
`)
  const stop = (within: number) => (): void => {
    void site.stop({ within }).then(() => process.exit(0))
  }
  process.once('SIGINT', stop(0))
  process.once('SIGTERM', stop(drainMs))
}

start().catch((error: unknown) => fail(explain(error) ?? error))
