import { parseSync } from 'vite'

/** What a JavaScript module imports. */
export interface ModuleImports {
  /** With `import` and `export … from`: loaded together with the module. */
  readonly fixed: string[]
  /** With `import()` of a literal: loaded by a call. */
  readonly lazy: string[]
}

export function importsOf(code: string): ModuleImports {
  const { staticImports, staticExports, dynamicImports } = parseSync('module.js', code).module
  const exported = staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
  )
  const lazy = dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
    return /^(['"`])(.*)\1$/.exec(code.slice(start, end))?.[2] ?? []
  })
  return { fixed: [...staticImports.map(({ moduleRequest }) => moduleRequest.value), ...exported], lazy }
}
