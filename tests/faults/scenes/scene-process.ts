/**
 * Plays a scene in a process of its own, with a part of the product switched off before it is loaded: `bun
 * scene-process.ts SCENE OPTIONS`. Its last line is what came of it, as JSON.
 */
import { plant } from '../../simulation/plant.js'
import { changesOfClient } from '../switched-off.js'
import type { SceneOptions } from './scene.js'

const [name = '', given = '{}'] = process.argv.slice(2)
const options: SceneOptions = JSON.parse(given)
if (options.without) plant(...changesOfClient[options.without])
const { scenes } = await import('./scenes.js')
const scene = new Map<string, (options: never) => Promise<unknown>>(Object.entries(scenes)).get(name)
if (!scene) throw new Error(`there is no scene '${name}'; there are ${Object.keys(scenes).join(', ')}`)
console.log(JSON.stringify(await scene(options as never)))
process.exit(0)
