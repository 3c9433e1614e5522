/** The curl lines of a page, as somebody would type them. */

/** Every curl line of a page, continued ones whole, without the comment behind it. */
export function curlLinesOf(page: string): string[] {
  return [...page.matchAll(/^curl (?:.*\\\n)*.*$/gm)].map(([line]) => line.replace(/\s+#.*$/, ''))
}

/** Runs a line against the server at `url` until it has printed what is looked for, or ends; what it printed. */
export async function curl(line: string, url: string, sought: RegExp): Promise<string> {
  const silent = line.replace(/^curl /, 'curl -sS ').replaceAll('localhost:3000', new URL(url).host)
  const child = Bun.spawn(['sh', '-c', `exec ${silent}`], { stdout: 'pipe', stderr: 'ignore' })
  let output = ''
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk
    if (sought.test(output)) break // a stream has no end
  }
  child.kill()
  return output
}
