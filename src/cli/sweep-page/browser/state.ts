import { computed, signal } from '@preact/signals'
import { type Axis, everyone } from './axes.ts'
import { networks } from './run.ts'

/** The part of an axis that is of interest; an end that is infinite takes in networks that diverged. */
export type Interval = readonly [low: number, high: number]
export type Filters = ReadonlyMap<Axis, Interval>

export const filters = signal<Filters>(new Map())
/** Only the best of the networks that pass the filters are shown, this many. */
export const most = signal(networks)
/** The network whose command is shown. */
export const selected = signal<number | undefined>(undefined)
/** The network under the pointer. */
export const hovered = signal<number | undefined>(undefined)

/** Whether the user drags along an axis; the part that is marked then follows the pointer, not the values in it. */
export const isDragging = signal(false)

const isWithin = (value: number, [low, high]: Interval) => value >= low && value <= high

/** The networks that pass all filters but those of some axes, the best one first. */
export function passing(given: Filters, without: readonly Axis[] = []): Uint32Array {
  const used = [...given].filter(([axis]) => !without.includes(axis))
  if (used.length === 0) return everyone
  return everyone.filter((network) =>
    used.every(([{ coordinates }, interval]) => isWithin(coordinates[network]!, interval)),
  )
}

export const matching = computed(() => passing(filters.value))
/** The networks that are shown, the best one first. */
export const shown = computed(() => matching.value.subarray(0, most.value))

/** Replaces the filter of an axis; undefined removes it. */
export function setFilter(axis: Axis, interval: Interval | undefined): void {
  const next = new Map(filters.peek())
  if (interval) next.set(axis, interval)
  else next.delete(axis)
  filters.value = next
}

export const isFiltered = computed(() => filters.value.size > 0 || most.value < networks)

export function reset(): void {
  filters.value = new Map()
  most.value = networks
}

/** Selects a network, or no network if it is selected already. */
export function select(network: number): void {
  selected.value = selected.peek() === network ? undefined : network
}
