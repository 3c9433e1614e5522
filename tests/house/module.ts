/**
 * What a source file imports, exports and names, read from its syntax tree: comments, strings and the names of
 * properties do not count, imports of types do.
 */
import { readFileSync } from 'node:fs'
import { parseSync } from 'oxc-parser'

interface Node {
  readonly type: string
  readonly [field: string]: unknown
}

export interface ExportedName {
  readonly name: string
  readonly kind: 'type' | 'value'
}

export interface Module {
  readonly path: string
  /** Specifiers as written: of `import`, `export ... from`, `import()` and `import('...')` in a type. */
  readonly imports: readonly string[]
  readonly exports: readonly ExportedName[]
  /** Whether it has an `export *`. */
  readonly exportsAll: boolean
  /** Identifiers that stand for themselves; `Math.random` for a property of `Math`. */
  readonly names: ReadonlySet<string>
}

export function readModule(path: string): Module {
  return parseModule(path, readFileSync(path, 'utf8'))
}

export function parseModule(path: string, source: string): Module {
  const { program, errors } = parseSync(path, source)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const imports: string[] = []
  const exports: ExportedName[] = []
  const names = new Set<string>()
  let exportsAll = false

  function visit(node: Node): void {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ImportExpression':
      case 'TSImportType':
        imports.push(specifier(path, node))
        break
      case 'ExportAllDeclaration':
        imports.push(specifier(path, node))
        exportsAll = true
        break
      case 'ExportNamedDeclaration':
        if (node.source !== null) imports.push(specifier(path, node))
        exports.push(...exportedNames(node))
        break
      case 'Identifier':
        names.add(node.name as string)
        break
      case 'MemberExpression':
        if (isMath(node.object)) {
          names.add(`Math.${memberName(node)}`)
          if (node.computed === true) visit(node.property as Node)
          return
        }
        break
    }
    for (const child of childrenOf(node)) visit(child)
  }

  visit(program as unknown as Node)
  return { path, imports, exports, exportsAll, names }
}

function specifier(path: string, node: Node): string {
  const { value } = node.source as { readonly value?: unknown }
  if (typeof value !== 'string')
    throw new Error(`${path} imports something that is not named by a plain string`)
  return value
}

function isMath(node: unknown): boolean {
  return isNode(node) && node.type === 'Identifier' && node.name === 'Math'
}

function memberName(node: Node): string {
  const property = node.property as Node
  return String(node.computed === true ? (property.value ?? '[computed]') : property.name)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

/** The fields that hold the name of a property or of a module's export, which is no use of a variable. */
const plainNames: Readonly<Record<string, string>> = {
  MemberExpression: 'property',
  Property: 'key',
  PropertyDefinition: 'key',
  MethodDefinition: 'key',
  TSPropertySignature: 'key',
  TSMethodSignature: 'key',
  TSQualifiedName: 'right',
  ImportSpecifier: 'imported',
  ExportSpecifier: 'exported',
}

function* childrenOf(node: Node): Generator<Node> {
  for (const [field, value] of Object.entries(node)) {
    if (plainNames[node.type] === field && node.computed !== true) continue
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield child
  }
}

function exportedNames(node: Node): ExportedName[] {
  const declaration = node.declaration as Node | null
  if (declaration === null) {
    return (node.specifiers as Node[]).map((one) => ({
      name: (one.exported as Node).name as string,
      kind: node.exportKind === 'type' || one.exportKind === 'type' ? 'type' : 'value',
    }))
  }
  if (declaration.type === 'VariableDeclaration') {
    return (declaration.declarations as Node[]).map((one) => ({
      name: (one.id as Node).name as string,
      kind: 'value',
    }))
  }
  const onlyType = /^TS(Interface|TypeAlias)Declaration$/.test(declaration.type)
  return [{ name: (declaration.id as Node).name as string, kind: onlyType ? 'type' : 'value' }]
}
