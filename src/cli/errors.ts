import { CommanderError } from 'commander'
import { BackendUnavailableError, InputError } from '../index.ts'

/** A run that was rightly asked for and failed: exit code 1. */
export class RunError extends Error {
  override name = 'RunError'
}

/** 0 for help and version, 2 for what the caller can mend in the call, 1 for a run that failed. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  return error instanceof InputError || error instanceof BackendUnavailableError ? 2 : 1
}

/** An error in one line; with `DEBUG` set, with its stack. */
export function sayError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const line = message
    .replace(/^error: /, '')
    .replace(/\s*[\r\n]+\s*/g, ' ')
    // Nothing that a file name or a cell holds may steer the terminal.
    .replace(/\p{Cc}/gu, '�')
  const stack = process.env.DEBUG && error instanceof Error ? `\n${error.stack ?? ''}` : ''
  return `webgpu-mlp: ${line === '' ? 'it failed without a reason; DEBUG=1 shows where' : line}${stack}`
}
