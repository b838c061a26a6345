import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import ts from 'typescript'
import { contextFor } from './snippet-context.ts'

/** Code in documentation: fenced blocks of Markdown files, and `@example` in doc comments. */
export interface Snippet {
  /** File and line, such as `src/data/split.ts:18`. */
  place: string
  /** The file, relative to the project's root. */
  file: string
  code: string
}

const lineOf = (text: string, at: number) => text.slice(0, at).split('\n').length

/** The fenced blocks of a Markdown file in one of these languages. */
export function fencedBlocks(root: string, path: string, languages: readonly string[]): Snippet[] {
  const [text, file] = [readFileSync(path, 'utf8'), relative(root, path)]
  return [...text.matchAll(/^```(\w+)[^\n]*\n([^]*?)^```$/gm)].flatMap(({ index, 1: language, 2: code }) =>
    languages.includes(language!) ? [{ place: `${file}:${lineOf(text, index)}`, file, code: code! }] : [],
  )
}

/** Every `@example` in the doc comments of a TypeScript file. */
export function examplesOf(root: string, path: string): Snippet[] {
  const [text, file] = [readFileSync(path, 'utf8'), relative(root, path)]
  return [...text.matchAll(/\/\*\*[^]*?\*\//g)].flatMap((comment) =>
    [...comment[0].matchAll(/@example\b([^]*?)(?=\n\s*\* @|\*\/)/g)].map((example) => ({
      place: `${file}:${lineOf(text, comment.index + example.index)}`,
      file,
      code: example[1]!.replace(/^\s*\* ?/gm, '').trim(),
    })),
  )
}

/** Names that a piece of code uses, those that it declares, and those that it imports. */
function namesOf(code: string) {
  const source = ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.ES2022, true)
  const [used, declared, imported] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node
      const isMember =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        (ts.isBindingElement(parent) && parent.propertyName === node)
      const isDeclared =
        (ts.isVariableDeclaration(parent) || ts.isBindingElement(parent) || ts.isParameter(parent)) &&
        parent.name === node
      if (ts.isImportSpecifier(parent)) imported.add(node.text)
      else if (isDeclared) declared.add(node.text)
      else if (!isMember) used.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { used, declared, imported, source }
}

/** The result that a comment states: literals, with the number of decimals of each number. */
export type Stated =
  | { number: number; decimals: number }
  | { value: string | boolean | null }
  | { list: Stated[] }
  | { fields: [string, Stated][] }

function statedIn(comment: string): Stated | undefined {
  const source = ts.createSourceFile('comment.ts', `(${comment})`, ts.ScriptTarget.ES2022, true)
  const { parseDiagnostics } = source as unknown as { parseDiagnostics: unknown[] }
  const [statement, more] = source.statements
  if (parseDiagnostics.length > 0 || more || !statement || !ts.isExpressionStatement(statement)) return undefined
  const read = (node: ts.Node): Stated | undefined => {
    if (ts.isParenthesizedExpression(node)) return read(node.expression)
    if (ts.isNumericLiteral(node)) {
      const text = node.getText()
      return { number: Number(text), decimals: text.split('.')[1]?.length ?? 0 }
    }
    if (ts.isPrefixUnaryExpression(node)) {
      const positive = read(node.operand)
      return positive && 'number' in positive ? { ...positive, number: -positive.number } : undefined
    }
    if (ts.isStringLiteral(node)) return { value: node.text }
    if (node.kind === ts.SyntaxKind.TrueKeyword) return { value: true }
    if (node.kind === ts.SyntaxKind.FalseKeyword) return { value: false }
    if (node.kind === ts.SyntaxKind.NullKeyword) return { value: null }
    if (ts.isArrayLiteralExpression(node)) {
      const list = node.elements.map(read)
      return list.every((one) => one !== undefined) ? { list } : undefined
    }
    if (ts.isObjectLiteralExpression(node)) {
      const fields = node.properties.map((property): [string, Stated] | undefined => {
        const value = ts.isPropertyAssignment(property) ? read(property.initializer) : undefined
        return value && [property.name!.getText().replace(/['"]/g, ''), value]
      })
      return fields.every((one) => one !== undefined) ? { fields } : undefined
    }
    return undefined
  }
  return read(statement.expression)
}

/** The imports and the statements of a snippet, with a check after each statement whose comment states a result. */
function withChecks(code: string): { imports: string[]; body: string; checks: number } {
  const { source } = namesOf(code)
  const [imports, body] = [[] as string[], [] as string[]]
  let checks = 0
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      imports.push(statement.getText())
      continue
    }
    const comments = ts.getTrailingCommentRanges(code, statement.end) ?? []
    const comment = comments.map(({ pos, end }) => code.slice(pos + 2, end).trim())[0]
    const stated = comment === undefined ? undefined : statedIn(comment)
    if (stated && ts.isExpressionStatement(statement)) {
      checks++
      body.push(`check(${statement.expression.getText()}, ${JSON.stringify(stated)})`)
    } else body.push(statement.getText())
  }
  return { imports, body: body.join('\n'), checks }
}

/** An import declaration as one line for each name. */
function importLines(declaration: string, specifierOf: (name: string) => string): string[] {
  const [, type = '', names, module] = /^import (type )?\{([^}]*)\} from '([^']+)'/.exec(declaration) ?? []
  if (names === undefined) return [declaration]
  const each = names.split(',').map((name) => name.trim())
  return each.filter(Boolean).map((name) => `import ${type}{ ${name} } from '${specifierOf(module!)}'`)
}

/** The modules that provide names that documentation uses without an import, in order of precedence. */
export interface Modules {
  /** The specifier that generated modules import from, and the names that it exports. */
  specifier: string
  names: ReadonlySet<string>
}

const nodeModules: Modules = { specifier: 'node:fs/promises', names: new Set(['readFile', 'writeFile']) }

/**
 * A module that runs each snippet in the scope of the previous one, like a reader who tries one after the other, in a
 * context that has the names that they do not declare.
 */
export function moduleOf(
  snippets: readonly Snippet[],
  modules: readonly Modules[],
  specifierOf: (name: string) => string,
): { text: string; checks: number } {
  const context = contextFor(snippets[0]!)
  const parts = snippets.map(({ code }) => ({ ...namesOf(code), ...withChecks(code) }))
  const needed: string[] = []
  const known = new Set<string>()
  const imported = new Map<string, string>()
  const provide = (names: Iterable<string>) => {
    for (const name of names) {
      if (known.has(name)) continue
      known.add(name)
      const given = context[name]
      if (given !== undefined) {
        provide(namesOf(`const ${name} = ${given}`).used)
        needed.push(`const ${name} = ${given}`)
        continue
      }
      const from = [...modules, nodeModules].find(({ names }) => names.has(name))
      if (from) imported.set(name, from.specifier)
    }
  }
  // Imports of a snippet are available to all, and the context does not provide names that a snippet declares.
  for (const { imported: names } of parts) for (const name of names) known.add(name)
  const own = new Set<string>()
  for (const { used, declared } of parts) {
    for (const name of declared) own.add(name)
    provide([...used].filter((name) => !own.has(name)))
  }
  const lines = [
    ...[...imported].map(([name, specifier]) => `import { ${name} } from ${JSON.stringify(specifier)}`),
    // Several snippets of a page may import the same names.
    ...new Set(parts.flatMap(({ imports }) => imports.flatMap((line) => importLines(line, specifierOf)))),
    'export default async function run(check: (actual: unknown, stated: unknown) => void): Promise<void> {',
    ...needed,
    ...parts.map(({ body }) => `{\n${body}`),
    ...parts.map(() => '}'),
    '}',
    '',
  ]
  return { text: lines.join('\n'), checks: parts.reduce((sum, { checks }) => sum + checks, 0) }
}
