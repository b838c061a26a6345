import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from './paths.ts'

/** A message of an error, as a source file makes it. */
export interface Message {
  /** The file, relative to the root. */
  readonly file: string
  /** The class of the error. */
  readonly kind: string
  /** The text, with … for each part that depends on the case. */
  readonly text: string
}

const classes = new Set([
  'InputError', 'WriteError', 'BackendUnavailableError', 'DeviceLostError', 'GPUValidationError', 'OutOfMemoryError',
  'DivergedError',
]) // prettier-ignore

/** A source file. */
export interface Parsed {
  /** Relative to the root. */
  readonly file: string
  readonly source: ts.SourceFile
}

let parsed: readonly Parsed[] | undefined

/** All files of src/, by name. */
export function parseSources(): readonly Parsed[] {
  parsed ??= readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .sort()
    .map((file) => {
      const code = readFileSync(join(root, file), 'utf8')
      return { file, source: ts.createSourceFile(file, code, ts.ScriptTarget.ES2022, true) }
    })
  return parsed
}

/** The fixed parts of an expression that makes a text; … for the rest. */
export function fixedText(node: ts.Expression): string {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node)) {
    return (
      node.head.text + node.templateSpans.map(({ expression, literal }) => embedded(expression) + literal.text).join('')
    )
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return fixedText(node.left) + fixedText(node.right)
  }
  if (ts.isParenthesizedExpression(node)) return fixedText(node.expression)
  return '…'
}

/** A part of a template: a nested text that does not depend on the case, else …. */
const embedded = (node: ts.Expression): string =>
  ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) ? fixedText(node) : '…'

/** The message of each `new …Error(message)` in a file; those of a conditional expression separately. */
function messagesOf({ file, source }: Parsed): Message[] {
  const found: Message[] = []
  const add = (kind: string, node: ts.Expression): void => {
    if (ts.isConditionalExpression(node)) {
      add(kind, node.whenTrue)
      add(kind, node.whenFalse)
    } else {
      const text = fixedText(node)
        .replace(/\s+/g, ' ')
        .replace(/…(?:\s*…)+/g, '…')
        .trim()
      found.push({ file, kind, text })
    }
  }
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && classes.has(node.expression.text)) {
      const [message] = node.arguments ?? []
      if (message) add(node.expression.text, message)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

let known: readonly Message[] | undefined

/** All messages of the errors that the sources make. A message that another function writes is only …, and left out. */
export function readMessages(): readonly Message[] {
  known ??= findMessages()
  return known
}

function findMessages(): Message[] {
  return parseSources()
    .flatMap(messagesOf)
    .filter(({ text }) => /[a-z]{3}/i.test(text))
}
