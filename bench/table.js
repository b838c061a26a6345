// Formats tables for the terminal and for Markdown.

/** @typedef {{ title: string, columns: string[], rows: string[][], notes?: string[] }} Table
 *   the first column holds the row names and is left-aligned, all others are right-aligned */

/** Formats a number with three or four significant digits and thousands separators: 0.841, 53.84, 257,512. */
export function number(value) {
  if (value === undefined || !Number.isFinite(value)) return '–'
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toPrecision(Math.abs(value) < 1 ? 3 : 4)
}

/** Formats a ratio with three significant digits. */
export function ratio(value) {
  if (value === undefined || !Number.isFinite(value)) return '–'
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3)
}

export function percent(share) {
  return share === undefined || !Number.isFinite(share) ? '–' : `${(100 * share).toPrecision(share < 0.1 ? 2 : 3)} %`
}

export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let unit = 0
  for (; Math.abs(value) >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`
}

/** Prints a table with its title and notes. */
export function printTable({ title, columns, rows, notes = [] }, print = console.log) {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i].length)))
  const line = (cells) =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('   ')}`.trimEnd()
  print(`\n${title}`)
  if (rows.length > 0) print([columns, ...rows].map(line).join('\n'))
  for (const note of notes) print(`  ${note}`)
}

/** The table as Markdown; prettier aligns the columns. */
export function markdownTable({ title, columns, rows, notes = [] }) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = line(columns.map((_, i) => (i === 0 ? '---' : '---:')))
  const table = rows.length > 0 ? [[line(columns), rule, ...rows.map(line)].join('\n')] : []
  return [`**${title}**`, ...table, ...notes].join('\n\n')
}
