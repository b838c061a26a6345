import { CommanderError } from 'commander'
import { BackendUnavailableError, InputError } from '../errors.ts'

/** Exit codes: 0 done, 1 a run that failed, 2 input that does not fit, 130 ended by Ctrl-C. */
export const exitCodes = { failed: 1, badInput: 2, interrupted: 130 } as const

/** A line on standard output. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** A remark on standard error, where it does not mix with what is read by programs. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Puts an error on one line, and tells which exit code it means. A stack only where DEBUG is set. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    note(`webgpu-mlp: ${oneLine(error.message.replace(/^error: /, ''))}`)
    return exitCodes.badInput
  }
  const message = error instanceof Error ? error.message : String(error)
  note(`webgpu-mlp: ${oneLine(message)}`)
  if (process.env.DEBUG && error instanceof Error) note(error.stack ?? '')
  return error instanceof InputError || error instanceof BackendUnavailableError ? exitCodes.badInput : exitCodes.failed
}

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, ' ').trim()

/** 0.04321 → '0.0432': four significant digits. */
export function decimal(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value)
}

/** 0.962 → '96.2 %'. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** A whole number with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** Bytes for people. */
export function bytes(value: number): string {
  if (value < 1024) return `${value} B`
  return value < 2 ** 20 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 2 ** 20).toFixed(1)} MiB`
}

/** Columns padded to line up; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
