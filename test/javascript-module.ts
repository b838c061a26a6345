/** What a module that toJavaScript wrote exports. */
export interface ExportedModule {
  predict: (rows: unknown) => number[] & number[][]
  classify: (rows: unknown) => unknown
  /** Of an ensemble only. */
  predictWithSpread?: (rows: unknown) => { mean: number[]; deviation: number[] }[]
  sizes: number[]
  activations: string[]
  features: string[] | undefined
  classes: string[] | undefined
  columns: { kind: string }[] | undefined
}

/** Imports a module from its text alone, so that it can import nothing. */
export const loadModule = (text: string) =>
  import(
    /* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
  ) as Promise<ExportedModule>
