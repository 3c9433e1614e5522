/**
 * The tests that a page of the documentation names: links whose text is a test's title, and whose target is its file.
 * `…` in a text stands for whatever a table of cases puts there.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { root } from '../../scripts/packages.js'

export interface Citation {
  readonly title: string
  /** As a path from the root. */
  readonly file: string
}

const link = /\[((?:`[^`]*`|[^\]`])+)\]\(([^)\s]+\.tsx?)\)/g

export function citationsOf(page: string, text: string): Citation[] {
  return [...text.matchAll(link)].map(([, title, target]) => ({
    title: (title as string).replace(/\s+/g, ' '),
    file: join(dirname(page), target as string),
  }))
}

interface Node {
  readonly type: string
  readonly [field: string]: unknown
}

/** The titles of the tests of a file: the first argument of each call of `test` or `it`, whatever stands between. */
export function titlesOf(path: string, source: string): string[] {
  const { program, errors } = parseSync(path, source)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const titles: string[] = []
  const visit = (node: Node): void => {
    if (node.type === 'CallExpression' && isTest(node.callee as Node)) {
      const title = textOf((node.arguments as Node[])[0])
      if (title !== undefined) titles.push(title)
    }
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (typeof child === 'object' && child !== null && 'type' in child) visit(child as Node)
      }
    }
  }
  visit(program as unknown as Node)
  return titles
}

function isTest(callee: Node): boolean {
  if (callee.type === 'Identifier') return callee.name === 'test' || callee.name === 'it'
  if (callee.type === 'MemberExpression') return isTest(callee.object as Node)
  return callee.type === 'CallExpression' && isTest(callee.callee as Node)
}

function textOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type !== 'TemplateLiteral' || (node.expressions as unknown[]).length > 0) return undefined
  return (node.quasis as { value: { cooked: string } }[])[0]?.value.cooked
}

/** As a page writes it: what a table of cases fills in is `…`. */
export function asCited(title: string): string {
  return title.replace(/%[sijdfo]|\$[\w.]+/g, '…')
}

/** Why a citation is none; `undefined` where its test is there. */
export function faultOf({ title, file }: Citation): string | undefined {
  const path = join(root, file)
  if (!existsSync(path)) return `${file} is not there`
  const titles = titlesOf(path, readFileSync(path, 'utf8')).map(asCited)
  return titles.includes(title) ? undefined : `${file} has no test “${title}”`
}
