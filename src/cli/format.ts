/** A number in about three digits: 0.041. */
export function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}

/** A share as a percentage: 96.2 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** A whole number with separators: 1,234,567. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** Bytes for people: 12.3 kB. */
export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3))
  return `${power === 0 ? value : Number((value / 1000 ** power).toPrecision(3))} ${units[power]}`
}

/** Seconds for people: 0.42 s, 3 min 20 s. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Number(seconds.toPrecision(3))} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 120
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `2 classes`, `1 class`. */
export function count(value: number, one: string, several = `${one}s`): string {
  return `${grouped(value)} ${value === 1 ? one : several}`
}

/** Names on one line: a, b, c, …. */
export function list(names: readonly string[], most = 8): string {
  return names.length > most ? `${names.slice(0, most).join(', ')}, …` : names.join(', ')
}

/** A float32 in the fewest digits that give it back. */
export function float32(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)))
    if (Math.fround(Number(text)) === value) return text
  }
  return String(Number(value.toPrecision(9)))
}

/** Label and value lines, aligned; control characters that names may hold are made visible. */
export function rows(pairs: readonly (readonly [label: string, value: string])[]): string {
  const width = Math.max(...pairs.map(([label]) => label.length))
  return pairs.map(([label, value]) => `${label.padEnd(width)}  ${value.replace(/\p{Cc}/gu, '�')}\n`).join('')
}
