import { javascriptLanguage } from '@codemirror/lang-javascript'

/** `a, b as c` of an import as the properties of a destructuring: `a, b: c`. */
const properties = (names: string) => names.replace(/\s+as\s+/g, ': ')

/**
 * A snippet as the body of an async function with the parameters `library` and `show`: imports become properties of `library`,
 * and the value of each expression statement is shown.
 */
export function programOf(code: string): string {
  const parts: string[] = []
  for (let node = javascriptLanguage.parser.parse(code).topNode.firstChild; node; node = node.nextSibling) {
    const text = code.slice(node.from, node.to)
    if (node.name === 'ImportDeclaration') {
      const [, names, module] = /^import\s*\{([^]*)\}\s*from\s*['"]([^'"]+)['"]/.exec(text) ?? []
      if (names === undefined || module !== 'webgpu-mlp') {
        throw new SyntaxError(`only \`import { … } from 'webgpu-mlp'\` works in this page, not ${text}`)
      }
      parts.push(`const {${properties(names)}} = library`)
    } else if (node.name === 'ExpressionStatement' && !/^(?:await\s+)?console\./.test(text)) {
      parts.push(`show(${text.replace(/;$/, '')}\n)`)
    } else parts.push(text)
  }
  return parts.join('\n;')
}
