declare module 'markdown-it-texmath' {
  import type { PluginWithOptions } from 'markdown-it'
  import type katex from 'katex'

  const texmath: PluginWithOptions<{
    engine: typeof katex
    delimiters: 'dollars'
    katexOptions?: katex.KatexOptions
  }>
  export default texmath
}

declare module '*.css' {}

declare module '*.css?inline' {
  const text: string
  export default text
}
