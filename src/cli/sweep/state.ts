import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { version } from '../../../package.json'
import { decodeSweepCheckpoint, encodeSweepCheckpoint, InputError, type Sweep, type SweepCheckpoint } from '../../index.ts' // prettier-ignore
import { readBytes } from '../../node/bytes.ts'
import { withPath } from '../../node/paths.ts'
import { writeFileAtomic } from '../../node/write.ts'
import type { KeptOutputs } from '../outputs/keep.ts'
import type { Output } from '../outputs/plan.ts'
import type { SweepRecord } from './record.ts'
import { stateName } from './folder.ts'

/** What the state of a sweep has beside what the library needs. */
export interface Notes {
  /** Name and version of the program that wrote it. */
  readonly program: string
  /** The words that define the sweep. */
  readonly arguments: readonly string[]
  /** What trained the networks. */
  readonly backend?: SweepRecord['backend'] | undefined
}

/** A state that was read. */
export interface SavedState {
  readonly path: string
  readonly checkpoint: SweepCheckpoint
  readonly notes: Notes
}

export const programName = `webgpu-mlp ${version}`

/** The state in a folder; undefined where there is none. @throws InputError for a file that cannot be read, or is no state */
export async function readState(folder: string): Promise<SavedState | undefined> {
  const path = join(folder, stateName)
  if (!(await stat(path).catch(() => undefined))) return undefined
  const bytes = await readBytes(path)
  const checkpoint = await withPath(path, () => decodeSweepCheckpoint(bytes))
  return { path, checkpoint, notes: readNotes(path, checkpoint.notes) }
}

function readNotes(path: string, value: unknown): Notes {
  const { program, arguments: words, backend } = (value ?? {}) as Partial<Record<keyof Notes, unknown>>
  const isList = Array.isArray(words) && words.every((word) => typeof word === 'string')
  if (typeof program === 'string' && isList) return { program, arguments: words, backend: readBackend(backend) }
  throw new InputError(`${path}: has no arguments of webgpu-mlp sweep; another program wrote it with the library`)
}

function readBackend(value: unknown): Notes['backend'] {
  const { name, description } = (value ?? {}) as Partial<Record<'name' | 'description', unknown>>
  return typeof name === 'string' && typeof description === 'string' ? { name, description } : undefined
}

/** Whether all networks are trained. */
export const isFinished = ({ stage, finished, kept, current, states }: SweepCheckpoint): boolean =>
  finished.length > 0 && stage === finished.length && kept.length + current.length + states.length === 0

/** How many networks are trained, with halving to the end of its running round. */
export const countTrained = ({ finished, current }: SweepCheckpoint): number =>
  finished.reduce((sum, { length }) => sum + length, current.filter(({ part }) => part === 0).length)

/** Milliseconds between two states, at least; and the share of the time that writing them may take. */
const PAUSE = 2000
const SHARE = 0.05

/** Writes the state of a running sweep from time to time. */
export class StateWriter {
  readonly #output: Output
  readonly #notes: Notes
  readonly #kept: KeptOutputs
  #next = performance.now() + PAUSE
  #round = 1

  constructor(output: Output, notes: Notes, kept: KeptOutputs) {
    this.#output = output
    this.#notes = notes
    this.#kept = kept
  }

  /** Whether it is time to write: after a pause, and when a round of halving has ended. */
  isDue(halving: number): boolean {
    return halving !== this.#round || performance.now() >= this.#next
  }

  /** @param backend that trains the networks @returns what is wrong, when it is so for the first time */
  async write(run: Sweep, backend: Notes['backend'], halving = this.#round): Promise<string | undefined> {
    const began = performance.now()
    const bytes = encodeSweepCheckpoint(await run.checkpoint({ notes: { ...this.#notes, backend } }))
    const problem = await this.#kept.renew(this.#output, (path, how) => writeFileAtomic(path, bytes, how))
    this.#round = halving
    const ended = performance.now()
    this.#next = ended + Math.max(PAUSE, (ended - began) / SHARE)
    return problem
  }
}
