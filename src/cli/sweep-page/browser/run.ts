import type { SweepPayload } from '../payload.ts'

type Colour = readonly [red: number, green: number, blue: number]

/** What report/charts.js, which runs before this script, provides. */
interface Charts {
  readonly run: SweepPayload & { readonly palette: readonly Colour[] }
  readonly axis: (label: string) => object
  /** Makes a uPlot as wide as its place. */
  readonly chart: (place: HTMLElement, height: (width: number) => number, options: object, data: unknown) => Plot
}

/** The part of uPlot that is used after a chart is made. */
export interface Plot {
  setSeries(place: number | null, options: { focus?: boolean; show?: boolean }): void
  destroy(): void
}

export const charts = (globalThis as unknown as { charts: Charts }).charts
export const { run } = charts

/** How many networks there are. Networks are numbered from 0 on, the best one first. */
export const networks = run.ranks.length

/** The command that trains a network alone. */
export function commandOf(network: number): string {
  const { groups, group, row } = run.commands
  const { columns } = groups[group[network]!]!
  const own = row[network]!
  return columns.map((column) => (typeof column === 'string' ? column : column.words[column.places[own]!]!)).join(' ')
}

/** The bytes of a base64 text. */
export const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
