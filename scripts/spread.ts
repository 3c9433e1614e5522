/**
 * Draws when 500 clients try to come back to a server that is away for four seconds, in virtual time, in
 * `docs/images/reconnecting.svg`: `npm run spread`.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { spreadOf } from '../tests/faults/spread.js'
import { root } from './packages.js'

const clients = 500
const bucketMs = 100
const backAt = 4_000
const attempts = await spreadOf({ clients, awayMs: backAt })

const lastBucket = Math.ceil(Math.max(...attempts, backAt) / bucketMs)
const counts = Array.from({ length: lastBucket + 1 }, () => 0)
for (const at of attempts) counts[Math.floor(at / bucketMs)]! += 1
const most = Math.max(...counts)

const size = { width: 860, height: 330 }
const plot = { left: 56, right: 844, top: 52, bottom: 282 }
const seconds = Math.ceil((counts.length * bucketMs) / 1_000)
const x = (ms: number): number => plot.left + (ms / (seconds * 1_000)) * (plot.right - plot.left)
const step = [10, 20, 25, 50, 100].find((one) => most / one <= 6) ?? 200
const top = Math.ceil(most / step) * step
const y = (count: number): number => plot.bottom - (count / top) * (plot.bottom - plot.top)
const round = (value: number): number => Math.round(value * 10) / 10

const text = (at: readonly [number, number], words: string, more = ''): string =>
  `<text x="${round(at[0])}" y="${round(at[1])}"${more}>${words}</text>`
const line = (from: readonly [number, number], to: readonly [number, number], kind: string): string =>
  `<line class="${kind}" x1="${round(from[0])}" y1="${round(from[1])}" x2="${round(to[0])}" y2="${round(to[1])}"/>`

const rows = Array.from({ length: top / step + 1 }, (_, i) => i * step).flatMap((count) => [
  line([plot.left, y(count)], [plot.right, y(count)], 'row'),
  text([plot.left - 8, y(count) + 4], String(count), ' text-anchor="end"'),
])
const columns = Array.from({ length: seconds + 1 }, (_, second) =>
  text([x(second * 1_000), plot.bottom + 18], String(second), ' text-anchor="middle"'),
)
const bars = counts.map((count, i) => {
  const [left, right] = [x(i * bucketMs), x((i + 1) * bucketMs)]
  return count === 0
    ? ''
    : `<rect class="bar" x="${round(left)}" y="${round(y(count))}" width="${round(right - left - 1)}" height="${round(plot.bottom - y(count))}"/>`
})
const title = `${attempts.length} attempts of ${clients} clients to come back, at most ${most} in ${bucketMs} ms`
await writeFile(
  join(root, 'docs/images/reconnecting.svg'),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${title}">
<style>
  text { font: 13px system-ui, sans-serif; fill: #57606a }
  .title { font-size: 15px; fill: #24292f }
  .row { stroke: #8c959f; stroke-opacity: .3 }
  .back { stroke: #1a7f37; stroke-width: 2; stroke-dasharray: 5 4 }
  .word { fill: #1a7f37 }
  .bar { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .title { fill: #e6edf3 }
    .back { stroke: #3fb950 }
    .word { fill: #3fb950 }
    .bar { fill: #4493f8 }
  }
</style>
${text([plot.left, 24], title, ' class="title"')}
${rows.join('\n')}
${bars.filter((bar) => bar !== '').join('\n')}
${line([x(backAt), plot.top - 10], [x(backAt), plot.bottom], 'back')}
${text([x(backAt) + 6, plot.top - 2], 'the server is there again', ' class="word"')}
${columns.join('\n')}
${text([plot.left, plot.bottom + 38], 'seconds since the server was lost. With a fixed delay all of them would come in the same moment, again and again.')}
</svg>
`,
)
console.log(`docs/images/reconnecting.svg: ${title}`)
