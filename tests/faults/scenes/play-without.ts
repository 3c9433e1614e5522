/** Plays a scene without a part of the product, which a process that has loaded the product can not. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { SwitchedOff } from '../switched-off.js'
import type { scenes } from './scenes.js'

type Scenes = typeof scenes

/** @returns What the scene does. Its line is printed here. */
export async function playWithout<Name extends keyof Scenes>(
  without: SwitchedOff,
  name: Name,
  options: Omit<NonNullable<Parameters<Scenes[Name]>[0]>, 'without'>,
): Promise<Awaited<ReturnType<Scenes[Name]>>> {
  const script = join(import.meta.dirname, 'scene-process.ts')
  const args = ['--conditions=source', script, name, JSON.stringify({ ...options, without })]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  const lines = output.trimEnd().split('\n')
  const last = lines.pop() ?? ''
  console.log(lines.join('\n'))
  if (code !== 0) throw new Error(`the scene '${name}' ended with ${code}`)
  return JSON.parse(last)
}
