const LONGEST = 2000
const MOST = 20

/** A value as text, such as a console shows it; long lists are cut. */
export function formatValue(value: unknown, depth = 0): string {
  if (typeof value === 'string') return depth === 0 ? value.slice(0, LONGEST) : JSON.stringify(value)
  if (typeof value === 'number') return String(Number(value.toPrecision(7)))
  if (typeof value === 'function') return `${value.name || 'function'}()`
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (typeof value !== 'object' || value === null) return String(value)
  if (depth > 3) return '…'
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const list = Array.from(value as unknown as ArrayLike<unknown>)
    const shown = list.slice(0, MOST).map((one) => formatValue(one, depth + 1))
    return `[${shown.join(', ')}${list.length > MOST ? `, … ${list.length - MOST} more` : ''}]`
  }
  const fields = Object.entries(value).map(([key, one]) => `${key}: ${formatValue(one, depth + 1)}`)
  return `{ ${fields.join(', ')} }`
}
