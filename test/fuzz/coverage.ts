import { SourceMap } from 'node:module'
import { type Debugger, type Profiler, Session } from 'node:inspector'
import { fileURLToPath } from 'node:url'

/** A function or a branch of the source: V8 counts how often it is reached. */
export interface Block {
  readonly path: string
  /** The function that contains it; empty for those without a name. */
  readonly name: string
  readonly start: number
  readonly end: number
  readonly script: string
}

interface KnownFunction {
  readonly blocks: Map<string, Block>
}

const keyOf = ({ startOffset, endOffset }: Profiler.CoverageRange) => `${startOffset}:${endOffset}`

/**
 * Which blocks of the files of a folder are reached, as V8 counts them. V8 leaves out a block that is reached as often as the
 * block around it, so a block is known from the first time on that the two differ.
 */
export class BlockCoverage {
  readonly #session = new Session()
  readonly #folder: string
  /** By path and place of the function. */
  readonly #functions = new Map<string, KnownFunction>()

  /** Where the source begins, by script. */
  readonly #starts = new Map<string, number>()

  /** @param folder the URL of the folder whose files are measured */
  constructor(folder: URL) {
    this.#folder = folder.href
    this.#session.connect()
    this.#post('Debugger.enable')
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    this.take(new Set())
  }

  /** All blocks that are known so far, with their keys. */
  get known(): Map<string, Block> {
    return new Map(
      [...this.#functions].flatMap(([name, { blocks }]) =>
        [...blocks].map(([key, block]) => [`${name} ${key}`, block] as const),
      ),
    )
  }

  /**
   * Adds the keys of the blocks that were reached since the last call.
   * @returns whether there are new ones, or blocks that were not known
   */
  take(reached: Set<string>): boolean {
    const { result } = this.#post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType
    let isNew = false
    for (const { url, scriptId, functions } of result) {
      if (!url.startsWith(this.#folder)) continue
      const path = url.slice(this.#folder.length)
      for (const one of functions) isNew = this.#add(one, path, scriptId, reached) || isNew
    }
    return isNew
  }

  #add({ functionName, ranges }: Profiler.FunctionCoverage, path: string, script: string, reached: Set<string>) {
    const [whole] = ranges as [Profiler.CoverageRange]
    const name = `${path} ${keyOf(whole)}`
    let known = this.#functions.get(name)
    if (!known) this.#functions.set(name, (known = { blocks: new Map() }))
    let isNew = false
    for (const range of ranges) {
      if (known.blocks.has(keyOf(range))) continue
      known.blocks.set(keyOf(range), {
        path,
        name: functionName,
        start: range.startOffset,
        end: range.endOffset,
        script,
      })
      isNew = whole.count > 0
    }
    if (whole.count === 0) return isNew
    for (const [key, { start, end }] of known.blocks) {
      const id = `${name} ${key}`
      if (reached.has(id) || countOf(ranges, start, end) === 0) continue
      reached.add(id)
      isNew = true
    }
    return isNew
  }

  /** Whether a block is of the source, and not of what the test runner puts around it: exports, and the function of a module. */
  isSource({ script, start }: Block): boolean {
    let first = this.#starts.get(script)
    if (first === undefined) {
      const { scriptSource } = this.#sourceOf(script)
      first = scriptSource.indexOf('\n', scriptSource.lastIndexOf('__vite_ssr_exportName__(')) + 1
      this.#starts.set(script, first)
    }
    return start >= first
  }

  /** The line of a block in the source, and its text. */
  locate({ script, start, path }: Block): { line: number; text: string } {
    const { scriptSource } = this.#sourceOf(script)
    const before = scriptSource.slice(0, start).split('\n')
    const [, encoded] = /sourceMappingURL=data:application\/json;base64,([\w+/=]+)/.exec(scriptSource) ?? []
    if (encoded === undefined) return { line: before.length, text: '' }
    const payload = JSON.parse(Buffer.from(encoded, 'base64').toString()) as ConstructorParameters<typeof SourceMap>[0]
    // The first line of the wrapper that runs a module precedes the text of the map.
    const place = new SourceMap(payload).findEntry(before.length - 1, before.at(-1)!.length)
    const line = 'originalLine' in place ? place.originalLine : before.length - 1
    const lines = (payload.sourcesContent[0] ?? '').split('\n')
    return { line: line + 1, text: (lines[line] ?? path).trim() }
  }

  #sourceOf(script: string): Debugger.GetScriptSourceReturnType {
    return this.#post('Debugger.getScriptSource', { scriptId: script }) as Debugger.GetScriptSourceReturnType
  }

  #post(method: string, parameters?: object): unknown {
    let answer: unknown
    const post = this.#session.post.bind(this.#session) as (
      method: string,
      parameters: object | undefined,
      done: (error: Error | null, answer: unknown) => void,
    ) => void
    // Within one thread the answer comes at once.
    post(method, parameters, (error, result) => {
      if (error) throw new Error(`${method}: ${JSON.stringify(error)}`)
      answer = result
    })
    return answer
  }
}

/** The count of the smallest range around a block; ranges are nested, outer ones first. */
function countOf(ranges: readonly Profiler.CoverageRange[], start: number, end: number): number {
  let count = 0
  for (const range of ranges) if (range.startOffset <= start && range.endOffset >= end) ({ count } = range)
  return count
}

/** The folder of the sources as V8 names it. */
export const projectFolder = new URL('../../', import.meta.url)
export const projectPath = fileURLToPath(projectFolder)
