import { spawnSync } from 'node:child_process'
import { root } from './packages.js'

/** Runs a program to its end, its output going where ours goes; throws when it fails. */
export function run(program: string, args: readonly string[], cwd: string = root): void {
  const { status, error } = spawnSync(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`\`${program} ${args.join(' ')}\` ended with ${status} in ${cwd}`)
}
