import { shaderTexts, type ShaderName } from './manifest.ts'

/**
 * Links a kernel's text. Each file of shaders/ begins with comment lines that say what it needs:
 *
 *     // needs: step, rows       other files, or interfaces that several files provide
 *     // uses: WIDTH, order      names that the kernel which includes it declares, or the host's text
 *     // provides: finish        the interface of which this file is one variant
 *     // enables: subgroups      WGSL extensions
 *
 * A test compares these lists with the names that the files use and declare.
 */
export interface Header {
  readonly needs: readonly string[]
  readonly uses: readonly string[]
  readonly provides: readonly string[]
  readonly enables: readonly string[]
}

/** A text that is written for one kernel, with the names of what it needs and provides. */
export interface Fragment extends Partial<Header> {
  readonly text: string
}

/** How a kernel uses a binding; the explicit layout of its bind groups follows from it. */
export type Access = 'step' | 'dispatch' | 'read' | 'readWrite' | 'none'

export interface LinkedShader {
  /** The kernel first, what it needs after it, so that line numbers in errors are the kernel's. */
  readonly code: string
  /** In order of the binding numbers. */
  readonly bindings: readonly Access[]
}

const isShader = (name: string): name is ShaderName => name in shaderTexts

/** The lists in the comment lines with which a text begins. */
export function readHeader(text: string): Header {
  const lists: Record<keyof Header, string[]> = { needs: [], uses: [], provides: [], enables: [] }
  for (const line of text.split('\n')) {
    const [, key, names] = /^\/\/ (needs|uses|provides|enables): (.*)$/.exec(line) ?? []
    if (key === undefined) break
    lists[key as keyof Header].push(...names!.split(',').map((name) => name.trim()))
  }
  return lists
}

const headers = new Map<ShaderName, Header>()

function headerOf(name: ShaderName): Header {
  let header = headers.get(name)
  if (!header) headers.set(name, (header = readHeader(shaderTexts[name])))
  return header
}

type Part = { readonly name: string; readonly text: string } & Partial<Header>

const partOf = (part: ShaderName | Fragment): Part =>
  typeof part === 'string' ? { name: part, text: shaderTexts[part], ...headerOf(part) } : { name: 'fragment', ...part }

/** How the variables at the binding numbers of a text are declared. */
function bindingsOf(code: string): Access[] {
  const bindings: Access[] = []
  const declaration = /@group\((\d+)\)\s*@binding\((\d+)\)\s*var\s*<\s*(\w+)\s*(?:,\s*(\w+)\s*)?>\s*\w+\s*:\s*(\w+)/g
  for (const [, , binding, space, mode, type] of code.replace(/\/\/.*$/gm, '').matchAll(declaration)) {
    bindings[Number(binding)] = space === 'uniform' ? (type === 'Dispatch' ? 'dispatch' : 'step') : mode === 'read_write' ? 'readWrite' : 'read' // prettier-ignore
  }
  return Array.from(bindings, (access) => access ?? 'none')
}

/**
 * Puts a kernel together with everything that it needs.
 * @param variants what provides each interface that the kernel needs, directly or not; those that it does not need are
 *   left out
 * @param lines constants that the host writes into the text
 */
export function linkShader(
  kernel: ShaderName | Fragment,
  variants: readonly (ShaderName | Fragment)[],
  lines: readonly string[] = [],
): LinkedShader {
  const providers = new Map<string, Part>()
  for (const part of variants.map(partOf)) for (const name of part.provides ?? []) providers.set(name, part)
  const included = new Set<string>()
  const texts: string[] = []
  const enabled = new Set<string>()

  function include(part: Part): void {
    texts.push(part.text)
    for (const name of part.enables ?? []) enabled.add(name)
    for (const need of part.needs ?? []) {
      if (included.has(need)) continue
      included.add(need)
      const provider = providers.get(need) ?? (isShader(need) ? partOf(need) : undefined)
      if (!provider) throw new Error(`${part.name} needs '${need}', for which there is no shader`)
      include(provider)
    }
  }

  include(partOf(kernel))
  const code = [...texts, ...lines].join('\n')
  // On the kernel's first line, so that the line numbers stay the kernel's.
  const enables = [...enabled].map((name) => `enable ${name}; `).join('')
  return { code: enables + code, bindings: bindingsOf(code) }
}
