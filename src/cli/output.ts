import { CommanderError } from 'commander'
import { BackendUnavailableError, InputError } from '../index.ts'
import { fileError, WriteError } from '../node/paths.ts'
import { standardError, standardOutput } from './streams.ts'

export { bytes, count, decimal, duration, percent, table } from './text.ts'

/** Exit codes: 0 done, 1 a run that failed, 2 input that does not fit, 130 ended by Ctrl-C. */
export const exitCodes = { failed: 1, badInput: 2, interrupted: 130 } as const

/** One or several lines on standard output. Control characters within a line are escaped, so it remains one line. */
export function print(lines: string | readonly string[] = ''): void {
  standardOutput.writeLines(typeof lines === 'string' ? [lines] : lines)
}

/** A remark on standard error, where it does not mix with what is read by programs. */
export function note(line: string): void {
  standardError.writeLines([line])
}

/** Sentences that the user should know and did not ask for, such as advice. */
export function noteAll(sentences: readonly string[]): void {
  for (const sentence of sentences) note(`webgpu-mlp: note: ${sentence}`)
}

/** What a command failed with: a message of one line, and the exit code. */
interface Failure {
  readonly message: string
  readonly code: number
}

function describeFailure(error: unknown): Failure | undefined {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return undefined
    const hint = error.code === 'commander.excessArguments' ? ' Files are given with options, such as --data file.csv.' : '' // prettier-ignore
    return { message: oneLine(error.message.replace(/^error: /, '')) + hint, code: exitCodes.badInput }
  }
  const isInput = error instanceof InputError || error instanceof BackendUnavailableError
  // A disk that is full is no bad input.
  const code = isInput && !(error instanceof WriteError) ? exitCodes.badInput : exitCodes.failed
  return { message: oneLine(error instanceof Error ? error.message : String(error)), code }
}

/**
 * Reports how a command ended: its error, if it has one, and standard output where that could not be written, on one line
 * of standard error. A stack is printed only where DEBUG is set.
 * @returns the exit code; 0 where all went well
 */
export async function reportEnd(error?: unknown): Promise<number> {
  await standardOutput.flush()
  const own = error === undefined ? undefined : describeFailure(error)
  const failures = [...outputFailure(), ...(own ? [own] : [])]
  if (failures.length > 0) note(`webgpu-mlp: ${failures.map(({ message }) => message).join('; ')}`)
  if (process.env.DEBUG && error instanceof Error && own) {
    standardError.writeLines((error.stack ?? '').split('\n'))
  }
  await standardError.flush()
  return failures.at(-1)?.code ?? 0
}

/** A reader that has gone (`| head`) is no failure. */
function outputFailure(): Failure[] {
  const { failure, isClosed } = standardOutput
  if (!failure || isClosed) return []
  return [{ message: fileError(failure, 'standard output', 'written').message, code: exitCodes.failed }]
}

const oneLine = (text: string) => text.replace(/\s*[\r\n]+\s*/g, ' ').trim()
