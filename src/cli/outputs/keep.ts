import { access } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { basename, join, parse, resolve } from 'node:path'
import type { WriteOptions } from '../../node/write.ts'
import { checkReplaceable, type Output } from './plan.ts'

/** Writes one output's content to a path. */
export type Write = (path: string, options: WriteOptions) => Promise<void>

/** Thrown at the end of a run whose results could not all be written where they should be; says where they are. */
export class OutputsError extends Error {
  override name = 'OutputsError'
}

/**
 * The results of a run, on their way to files. What cannot be written where it should be is kept somewhere else, so that
 * no result of a long training is lost.
 */
export class KeptOutputs {
  readonly #problems: string[] = []
  /** Where outputs are written whose own path failed, by that path. */
  readonly #elsewhere = new Map<string, string>()
  /** What is wrong with the newest version of an output that is renewed. */
  #unwritten: string | undefined

  /**
   * Writes an output to its path, or to another place where that fails, and remembers the failure.
   * @returns where it is; undefined where it could be kept nowhere
   */
  async write(output: Output, write: Write): Promise<string | undefined> {
    const { path, problem } = await this.#writeSomewhere(output, write)
    if (problem !== undefined) this.#problems.push(problem)
    return path
  }

  /**
   * Writes an output of which there will be newer versions; a failure counts only until one of them is written.
   * @returns what failed, when it does so for the first time
   */
  async renew(output: Output, write: Write): Promise<string | undefined> {
    const { problem } = await this.#writeSomewhere(output, write)
    const isNew = problem !== undefined && this.#unwritten !== problem
    this.#unwritten = problem
    return isNew ? problem : undefined
  }

  /** Whether the newest version of what is renewed is not where it should be. */
  get isBehind(): boolean {
    return this.#unwritten !== undefined
  }

  /** Keeps what no output was wanted for, since something else was lost. */
  async keep(name: string, what: string, write: Write): Promise<void> {
    this.#problems.push(sayKept(what, await this.#keep(name, name, write)))
  }

  /** Adds to what {@link finish} will say. */
  say(problem: string): void {
    this.#problems.push(problem)
  }

  get hasFailed(): boolean {
    return this.#problems.length > 0
  }

  /** @throws OutputsError where an output is not where it should be */
  finish(): void {
    if (this.#problems.length > 0) throw new OutputsError(this.#problems.join('; '))
  }

  async #writeSomewhere(output: Output, write: Write): Promise<{ path: string | undefined; problem?: string }> {
    const { path, mark, force } = output
    try {
      // Another program may have written there since the run began.
      await checkReplaceable(output)
      await write(path, { force })
      return { path }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const kept = await this.#keep(path, basename(path), write)
      return { path: kept, problem: `${reason}; ${sayKept(mark.name.replace(/^an? /, 'the '), kept)}` }
    }
  }

  /** Writes to the first place that takes it, under a name that nothing has there. */
  async #keep(key: string, name: string, write: Write): Promise<string | undefined> {
    const known = this.#elsewhere.get(key)
    for (const folderOf of [process.cwd, tmpdir, () => '/var/tmp', homedir]) {
      try {
        // The current folder may have been removed, which asking for it says.
        const path = known ?? (await freeName(folderOf(), name))
        await write(path, {})
        this.#elsewhere.set(key, path)
        return path
      } catch {
        // The next place may take it.
      }
    }
    return undefined
  }
}

const sayKept = (what: string, path: string | undefined) =>
  path === undefined ? `${what} could not be kept anywhere` : `${what} is kept in ${path}`

/** `model-kept.json`, or with a number where there is such a file. */
async function freeName(folder: string, name: string): Promise<string> {
  const { name: stem, ext } = parse(name === '' ? 'output' : name)
  for (let i = 1; ; i++) {
    const path = resolve(join(folder, `${stem}-kept${i === 1 ? '' : `-${i}`}${ext}`))
    const isFree = await access(path).then(
      () => false,
      () => true,
    )
    if (isFree) return path
  }
}
