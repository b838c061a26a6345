import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { BestCurves } from '../payload.ts'
import { describe } from './axes.ts'
import { curveColour } from './colours.ts'
import { decimal, shortScore, textOfScore } from './format.ts'
import { charts, type Plot, run } from './run.ts'
import { hovered, select, selected } from './state.ts'

type Column = readonly (number | null)[]
const isGiven = (column: Column | null): column is Column => column?.some((value) => value !== null) ?? false

/** Columns over all epochs of any network: the epochs, then a column for each network. */
function join(columnOf: (curves: BestCurves) => Column | null): (number | null)[][] {
  const epochs = [...new Set(run.curves.flatMap(({ epoch }) => epoch))].sort((a, b) => a - b)
  const places = new Map(epochs.map((epoch, i) => [epoch, i]))
  const columns = run.curves.map((curves) => {
    const column = new Array<number | null>(epochs.length).fill(null)
    columnOf(curves)?.forEach((value, i) => (column[places.get(curves.epoch[i]!)!] = value))
    return column
  })
  return [epochs, ...columns]
}

interface Kind {
  readonly label: string
  readonly data: (number | null)[][]
  readonly text: (value: number) => string
  /** As `text`, for ticks. */
  readonly short: (value: number) => string
  readonly isLog: boolean
}

function options({ label, text, short, isLog }: Kind): object {
  const { axis } = charts
  const value = (_: unknown, shown: number | null) => (shown == null ? '–' : text(shown))
  return {
    scales: { x: { time: false }, y: { distr: isLog ? 3 : 1 } },
    axes: [
      axis('epoch'),
      { ...axis(label), size: 70, values: (_: unknown, ticks: (number | null)[]) => ticks.map((tick) => (tick === null ? '' : short(tick))) }, // prettier-ignore
    ],
    legend: { show: false },
    cursor: { drag: { x: true, y: false }, points: { show: false } },
    focus: { alpha: 0.15 },
    series: [
      { label: 'epoch' },
      ...run.curves.map(({ network }, i) => ({
        label: `#${run.ranks[network]!}`,
        stroke: () => curveColour(i),
        width: 2,
        spanGaps: true,
        points: { show: false },
        value,
      })),
    ],
  }
}

/** A chart with a curve for each of the best networks. */
function Chart({ kind, caption }: { kind: Kind; caption: string }) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot | undefined>(undefined)
  useEffect(() => {
    plot.current = charts.chart(place.current!, () => 280, options(kind), kind.data)
    focus(hovered.peek() ?? selected.peek())
    return () => plot.current?.destroy()
  }, [])
  const focus = (chosen: number | undefined) => {
    const one = run.curves.findIndex(({ network }) => network === chosen)
    plot.current?.setSeries(one < 0 ? null : one + 1, { focus: true })
  }
  useSignalEffect(() => focus(hovered.value ?? selected.value))
  return (
    <figure>
      <div class="chart" ref={place} role="img" aria-label={caption} />
      <figcaption>{caption}</figcaption>
    </figure>
  )
}

function kinds(): { kind: Kind; caption: string }[] {
  const isHeld = run.curves.some(({ validationLoss }) => isGiven(validationLoss) && validationLoss.filter((v) => v !== null).length > 2) // prettier-ignore
  const held = isHeld ? 'validation' : 'training'
  const losses = join((curves) => (isHeld ? curves.validationLoss : curves.loss))
  const scores = join((curves) => (isHeld ? curves.validationScore : curves.score))
  const finite = losses
    .slice(1)
    .flat()
    .filter((value) => value !== null)
  const [low, high] = finite.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity])
  const loss: Kind = { label: 'loss', data: losses, text: decimal, short: decimal, isLog: low > 0 && high > 20 * low }
  const score: Kind = { label: run.score.short, data: scores, text: textOfScore, short: shortScore, isLog: false }
  return [
    { kind: loss, caption: `${held === 'training' ? 'Training' : 'Validation'} loss per epoch` },
    ...(scores.slice(1).some(isGiven) ? [{ kind: score, caption: `${held === 'training' ? 'Training' : 'Validation'} ${run.score.short} per epoch` }] : []), // prettier-ignore
  ]
}
const shownKinds = kinds()

/** The learning curves of the best networks. */
export function Curves() {
  return (
    <section aria-labelledby="curves-title">
      <h2 id="curves-title">Learning curves of the best {run.curves.length > 1 ? run.curves.length : 'network'}</h2>
      <div class="ranks">
        {run.curves.map(({ network }, i) => (
          <button
            key={network}
            type="button"
            aria-pressed={selected.value === network}
            title={describe(network)}
            onPointerEnter={() => (hovered.value = network)}
            onPointerLeave={() => (hovered.value = undefined)}
            onClick={() => select(network)}
          >
            <i style={{ background: curveColour(i) }} />#{run.ranks[network]}{' '}
            <span>{textOfScore(run.scores[network])}</span>
          </button>
        ))}
      </div>
      <div class="pair">
        {shownKinds.map(({ kind, caption }) => (
          <Chart key={caption} kind={kind} caption={caption} />
        ))}
      </div>
    </section>
  )
}
