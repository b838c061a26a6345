import { formatTick } from '../numbers.ts'
import type { ShownData } from '../protocol.ts'
import { across, down } from './samples.ts'

/** Two to five round numbers from low to high. */
export function ticksOf(low: number, high: number): number[] {
  const range = high - low
  if (!(range > 0) || !Number.isFinite(range)) return []
  const power = 10 ** Math.floor(Math.log10(range))
  const step = [0.2, 0.5, 1, 2, 5].map((factor) => factor * power).find((size) => range / size <= 4.5) ?? 10 * power
  const first = Math.ceil(low / step)
  const last = Math.floor(high / step)
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
}

/** The names of the two columns on the axes, and round numbers along them; for a column of words its first categories. */
export function Axes({ shown }: { shown: ShownData }) {
  const { view, axes } = shown
  const [horizontal, vertical] = axes
  const hasWords = (column: number) => shown.categories[column] !== undefined
  return (
    <div class="plane-axes" aria-hidden="true">
      {!hasWords(horizontal) &&
        ticksOf(view.left, view.left + view.width).map((tick) => {
          const at = across(view, tick)
          return at > 0.12 && at < 0.95 ? (
            <span class="plane-tick-x" key={tick} style={{ left: `${100 * at}%` }}>
              {formatTick(tick)}
            </span>
          ) : null
        })}
      {!hasWords(vertical) &&
        ticksOf(view.bottom, view.bottom + view.height).map((tick) => {
          const at = down(view, tick)
          return at > 0.08 && at < 0.92 ? (
            <span class="plane-tick-y" key={tick} style={{ top: `${100 * at}%` }}>
              {formatTick(tick)}
            </span>
          ) : null
        })}
      <span class="plane-name-x">{axisLabel(shown, horizontal)} →</span>
      <span class="plane-name-y">↑ {axisLabel(shown, vertical)}</span>
    </div>
  )
}

/** The name of a column; for a column of words with its first categories, in their order. */
function axisLabel(shown: ShownData, column: number): string {
  const name = shown.features[column] ?? ''
  const categories = shown.categories[column]
  if (!categories) return name
  return `${name}: ${categories.slice(0, 4).join(', ')}${categories.length > 4 ? ', …' : ''}`
}
