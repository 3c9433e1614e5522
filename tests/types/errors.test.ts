/** What a user reads who makes one of these mistakes: short, in the user's own types, with the wrong name in it. */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

/** All that the compiler says of the files in `errors/`, one entry per file. */
const compiled = new Promise<Map<string, string>>((resolve, reject) => {
  const args = [`${root}node_modules/typescript/bin/tsc`, '--noEmit', '--pretty', 'false', '-p', folder]
  execFile('node', args, { cwd: root }, (_, stdout, stderr) => {
    if (stderr !== '') return reject(new Error(stderr))
    const byFile = new Map<string, string>()
    for (const message of stdout.split(/\n(?! )/)) {
      const found = /^tests\/types\/errors\/([\w-]+\.ts)(.*)$/s.exec(message.trimEnd())
      if (found) byFile.set(found[1]!, `${byFile.get(found[1]!) ?? ''}${found[2]}\n`)
      else if (message.trim() !== '') return reject(new Error(`The compiler stopped at: ${message}`))
    }
    resolve(byFile)
  })
})

test.for(readdirSync(`${folder}errors`))(
  'the compiler names what is wrong in %s as it did before',
  async (file) => {
    await expect((await compiled).get(file)).toMatchFileSnapshot(
      `${folder}messages/${file.replace('.ts', '.txt')}`,
    )
  },
)

test('no message is longer than what fits on a screen', async () => {
  for (const [file, text] of await compiled) {
    for (const line of text.split('\n')) expect(line.length, `${file}: ${line}`).toBeLessThan(1_000)
  }
})
