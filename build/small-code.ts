import { type ESTree, minify, parseSync, type Plugin, Visitor } from 'vite'

/** Error messages contain the names of classes ("got a Matrix"). */
const keepNames = { function: false, class: true }

/**
 * A plugin that minifies the files of the package, and marks what they compute when they are loaded as free of side
 * effects, so that one file with many modules serves bundlers as well as pages: bundlers leave out whatever a program does
 * not use. Set READABLE to keep the code as it was written, for debuggers and profilers.
 * @param hasSideEffects the modules that do something when they are loaded: files that contain one are only minified
 */
export function smallCode(hasSideEffects: (module: string) => boolean): Plugin {
  return {
    name: 'small-code',
    async generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        const start = /^#!.*\n/.exec(chunk.code)?.[0] ?? ''
        const code = await minified(chunk.fileName, chunk.code.slice(start.length))
        const marked = chunk.moduleIds.some(hasSideEffects) ? code : markPure(code)
        chunk.code = start + (process.env.READABLE ? marked : withLines(marked))
      }
    },
  }
}

async function minified(name: string, code: string): Promise<string> {
  if (process.env.READABLE) return code
  const result = await minify(name, code, {
    module: true,
    compress: { target: 'es2022', keepNames },
    mangle: { toplevel: true, keepNames },
    codegen: { removeWhitespace: true, legalComments: 'none' },
  })
  const [error] = result.errors
  if (error) throw new Error(`${name}: ${error.message}`)
  return withImportsKept(result.code)
}

/**
 * Gives imports of computed names the comments by which bundlers leave them as they are, which minifying removes, and the
 * others quotes in the place of backticks, because not every tool reads template literals. Every computed name in the
 * sources has these comments.
 */
export function withImportsKept(code: string): string {
  let kept = ''
  let last = 0
  for (const { moduleRequest } of parseSync('module.js', code).module.dynamicImports) {
    const request = textOf(code, moduleRequest)
    const [, name] = /^[`'"]([^`'"$]*)[`'"]$/.exec(request) ?? []
    const own = name === undefined ? `/* @vite-ignore */ /* webpackIgnore: true */ ${request}` : `"${name}"`
    kept += code.slice(last, moduleRequest.start) + own
    last = moduleRequest.end
  }
  return kept + code.slice(last)
}

/** A line for each statement and member of a class: Node shows the line of an error that no program catches. */
export function withLines(code: string): string {
  const places = new Set<number>()
  const add = (nodes: readonly ESTree.Node[]) => {
    for (const { start } of nodes) places.add(start)
  }
  new Visitor({
    Program: ({ body }) => add(body),
    BlockStatement: ({ body }) => add(body),
    ClassBody: ({ body }) => add(body),
    VariableDeclaration: ({ declarations }) => add(declarations.slice(1)),
  }).visit(parseSync('module.js', code).program)
  const starts = [0, ...[...places].filter((place) => place > 0).sort((a, b) => a - b), code.length]
  return starts.slice(1).map((end, i) => code.slice(starts[i], end)).join('\n') // prettier-ignore
}

/**
 * Marks all values that a module computes at its top level as pure. Bundlers cannot know it of calls, of properties (which
 * may be getters), of spreads and of patterns, and keep all that these need.
 * @param code a module that has no side effects when it is loaded; only its variables at the top level are changed
 */
export function markPure(code: string): string {
  let marked = ''
  let last = 0
  for (const statement of parseSync('module.js', code).program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    if (declaration?.type !== 'VariableDeclaration') continue
    for (const { id, init, start, end } of declaration.declarations) {
      const isName = id.type === 'Identifier'
      if (!init || (isName && isPure(init))) continue
      const value = init.type === 'ObjectExpression' ? `(${textOf(code, init)})` : textOf(code, init)
      marked += code.slice(last, isName ? init.start : start) + (isName ? pure(value) : partsOf(code, id, value))
      last = end
    }
  }
  return marked + code.slice(last)
}

const textOf = (code: string, { start, end }: ESTree.Span): string => code.slice(start, end)

const pure = (value: string): string => `/* @__PURE__ */(()=>${value})()`

/** A variable for each name of a pattern, because bundlers keep or leave out whole patterns: `{ a, b } = whole`. */
function partsOf(code: string, pattern: ESTree.BindingPattern, value: string): string {
  const names = namesIn(pattern)
  let whole = `$${names[0] ?? ''}`
  while (code.includes(whole)) whole += '$'
  const parts = names.map((name) => `${name}=${pure(`{const ${textOf(code, pattern)}=${whole};return ${name}}`)}`)
  // A space, because minified code has none between `const` and a pattern.
  return ` ${[`${whole}=${pure(value)}`, ...parts].join(',')}`
}

function namesIn(pattern: ESTree.BindingPattern | ESTree.BindingRestElement | null): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return pattern.properties.flatMap((part) => namesIn(part.type === 'Property' ? part.value : part))
    case 'ArrayPattern':
      return pattern.elements.flatMap(namesIn)
    case 'AssignmentPattern':
      return namesIn(pattern.left)
    case 'RestElement':
      return namesIn(pattern.argument)
    default:
      return []
  }
}

/** Whether all bundlers see that a value has no side effects. Functions and classes may take their names from variables. */
function isPure(node: ESTree.Node | null | undefined): boolean {
  switch (node?.type) {
    case undefined:
    case 'Literal':
    case 'Identifier':
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
    case 'ClassExpression':
      return true
    case 'TemplateLiteral':
      return node.expressions.length === 0
    case 'ArrayExpression':
      return node.elements.every((element) => isPure(element))
    case 'ObjectExpression':
      return node.properties.every((part) => part.type === 'Property' && !part.computed && isPure(part.value))
    case 'UnaryExpression':
      return node.argument.type === 'Literal'
    case 'BinaryExpression':
      return [node.left, node.right].every((side) => side.type === 'Literal')
    default:
      return false
  }
}
