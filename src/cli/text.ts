import { escapeControls } from '../index.ts'

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

/** A duration in seconds: with two digits after the point below one second, where one digit would often be 0. */
export function duration(seconds: number): string {
  return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`
}

/** Columns padded to line up, a line each row; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string[] {
  // Escaped before they are padded: a control character takes six places.
  const shown = rows.map((row) => row.map(escapeControls))
  const widths = (shown[0] ?? []).map((_, column) => Math.max(...shown.map((row) => (row[column] ?? '').length)))
  return shown.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
