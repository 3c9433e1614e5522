/** The script of the pages, built by Bun when the server starts; Ereo's own bundler is not published. */

/** @throws AggregateError with one entry for each fault in the sources. */
export async function buildClient(): Promise<Blob> {
  const { outputs } = await Bun.build({
    entrypoints: [`${import.meta.dir}/app/client.ts`],
    target: 'browser',
    conditions: ['source'], // straight from the sources of the packages: nothing has to be built before
    define: { 'process.env.NODE_ENV': '"production"' },
    minify: true,
  })
  return outputs[0]!
}
