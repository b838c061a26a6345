import ts from 'typescript'
import { fixedText, parseSources } from './messages.ts'

/** Remarks of one kind, which are no errors: where the sources make them, and what they mean. */
export interface NoteKind {
  readonly title: string
  readonly meaning: string
  readonly advice: string
  /** The files below src/. */
  readonly from: RegExp
  /** Whether every sentence in these files is such a remark, or only what is given to `note` and the like. */
  readonly isAll: boolean
}

export const noteKinds: readonly NoteKind[] = [
  {
    title: 'Why there is no GPU',
    meaning: 'WebGPU cannot be used here: what is missing, and what `doctor` advises.',
    advice: 'Do what the text says, or train on the CPU, which needs nothing.',
    from: /^(?:node\/(?:dawn|diagnose)|backend\/webgpu\/device\/navigator)\.ts$/,
    isAll: true,
  },
  {
    title: 'Advice before and after a training',
    meaning:
      'What will probably keep the network from learning these data, or why a trained network is no better than an answer without the inputs.',
    advice:
      'Take the option or the function that the advice names. See [the loss does not fall](../guide/troubleshooting.md#the-loss-does-not-fall).',
    from: /^(?:training\/advice\/|cli\/remedies)/,
    isAll: true,
  },
  {
    title: 'Why a training diverged',
    meaning: 'The likely cause of a loss that became infinite or not a number, with one change that helps.',
    advice:
      'Make that change, and train again from the start. See [when the loss becomes infinite](../guide/training.md#when-the-loss-becomes-infinite).',
    from: /^training\/autopsy\//,
    isAll: true,
  },
  {
    title: 'Notes while a table is read',
    meaning: 'What was assumed about a CSV file that could also be read in another way.',
    advice: 'Nothing, if the assumption is right. Otherwise, give the option that the note names.',
    from: /^data\//,
    isAll: false,
  },
  {
    title: 'Notes of commands',
    meaning: 'What a command has written, left out or done differently, on standard error.',
    advice: 'Nothing has failed: the exit code says that (0).',
    from: /^cli\//,
    isAll: false,
  },
]

/** Functions that print or pass on a remark. */
const printing = new Set(['note', 'remark', 'onNote'])

const isCallOfNote = (node: ts.Node): node is ts.CallExpression => {
  if (!ts.isCallExpression(node)) return false
  const { expression } = node
  if (ts.isIdentifier(expression)) return printing.has(expression.text)
  return ts.isPropertyAccessExpression(expression) && printing.has(expression.name.text)
}

/** A remark, not a name, and not what an error says is expected. */
const isSentence = (text: string) =>
  text.length >= 20 && / /.test(text) && !/^(?:an object of|what trainer|: )/.test(text)

/** The texts within a node; a template is one, with its nested texts. */
function textsIn(node: ts.Node, found: string[]): void {
  if (ts.isImportDeclaration(node) || ts.isNewExpression(node)) return
  const isSum = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || isSum) {
    found.push(fixedText(node))
  } else ts.forEachChild(node, (child) => textsIn(child, found))
}

function callsIn(node: ts.Node, found: string[]): void {
  if (isCallOfNote(node)) for (const argument of node.arguments) textsIn(argument, found)
  ts.forEachChild(node, (child) => callsIn(child, found))
}

/** The remarks of each kind, sorted; … is for the parts that depend on the case. */
export function readNotes(): ReadonlyMap<NoteKind, readonly string[]> {
  const notes = new Map<NoteKind, Set<string>>(noteKinds.map((kind) => [kind, new Set()]))
  for (const { file, source } of parseSources()) {
    const kind = noteKinds.find(({ from }) => from.test(file.replace(/^src\//, '')))
    if (!kind) continue
    const found: string[] = []
    if (kind.isAll) textsIn(source, found)
    else callsIn(source, found)
    for (const text of found) {
      const tidy = text.replace(/^webgpu-mlp: (?:note: )?/, '').replace(/\s+/g, ' ').replace(/…(?:\s*…)+/g, '…').trim() // prettier-ignore
      if (isSentence(tidy)) notes.get(kind)!.add(tidy)
    }
  }
  return new Map([...notes].map(([kind, texts]) => [kind, [...texts].sort()]))
}
