import { constants, fstatSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { InputError } from '../../index.ts'
import { checkWritable, descriptorOf } from '../../node/write.ts'
import { bearsMark, type Mark } from './marks.ts'
import { isSamePlace, type Place, placeOf } from './places.ts'

/** A file that a command will write. */
export interface Output {
  /** The option that names the file, for messages. */
  readonly option: string
  readonly path: string
  readonly mark: Mark
  /** Whether `--force` goes for it. */
  readonly force: boolean
  /** Whether a checkpoint names it, and not this command line. */
  readonly recalled?: boolean
}

/** A file that a command reads. */
export interface Input {
  readonly option: string
  readonly path: string
}

/**
 * Checks, before any work, all files that a command will write: that each can be written, that none is one of the inputs
 * or another output, and that what is there may be replaced.
 * @throws InputError naming the option, the path and what to do
 */
export async function checkOutputs(outputs: readonly Output[], inputs: readonly Input[]): Promise<void> {
  // Whether a protected file may be replaced is a matter of the last check.
  for (const { path } of outputs) await checkWritable(path, { force: true })
  const read = await Promise.all(inputs.map(async (input) => ({ ...input, place: await placeOf(input.path) })))
  const written = standardFiles()
  for (const { option, path } of outputs) {
    if (descriptorOf(path) !== undefined) continue
    const place = await placeOf(path)
    const verbs = [...read.map((other) => [other, 'reads'] as const), ...written.map((o) => [o, 'writes'] as const)]
    for (const [other, verb] of verbs) {
      if (!isSamePlace(place, other.place)) continue
      const spelled = other.path === undefined || other.path === path ? '' : ` (as ${other.path})`
      throw new InputError(
        `${option}: ${path} is also what ${other.option} ${verb}${spelled}; give one of them another name`,
      )
    }
    written.push({ option, path, place })
  }
  for (const output of outputs) await checkReplaceable(output)
}

interface Written {
  readonly option: string
  readonly path?: string
  readonly place: Place
}

/** The files that the shell has standard output and standard error go to. */
function standardFiles(): Written[] {
  return (['standard output', 'standard error'] as const).flatMap((option, i) => {
    const found = fstatSync(i + 1, { bigint: true })
    return found.isFile() ? [{ option, place: { real: '', found } }] : []
  })
}

/**
 * Checks that what is at an output's path may be replaced: nothing, an empty file, or a file of this program and this user.
 * @throws InputError naming `--force`
 */
export async function checkReplaceable({ option, path, mark, force, recalled }: Output): Promise<void> {
  const { found } = await placeOf(path)
  if (!found?.isFile() || force || descriptorOf(path) !== undefined) return
  const refuse = (what: string) => {
    const again = recalled ? `give ${option} again, with --force, to replace it` : '--force replaces it'
    const named = recalled ? ' (the checkpoint names it)' : ''
    throw new InputError(`${option}: ${path}${named} ${what}; ${again}, or give another name`)
  }
  const user = process.getuid?.()
  if (user !== undefined && found.uid !== BigInt(user)) refuse(`belongs to another user (${found.uid})`)
  // The administrator could write to any file, but write protection is respected nevertheless.
  const isDenied = await access(path, constants.W_OK).then(
    () => false,
    () => true,
  )
  if (isDenied || (found.mode & 0o222n) === 0n) refuse('is write-protected')
  if (found.size > 0n && !(await bearsMark(path, mark))) refuse(`exists, and ${mark.otherwise}`)
}
