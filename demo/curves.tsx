import { signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { palette } from './colours.ts'
import type { Chart, Measure } from './curve-chart.ts'
import { type HistoryPoint, nearestPoint, recentPart } from './history.ts'
import { formatNumber, percent } from './numbers.ts'
import { data, history, kind, progress } from './state.ts'
import './curves.css'

const isLog = signal(false)
const isRecent = signal(false)

/** The curves of loss and score, with a legend, a logarithmic axis and the recent part. */
export function Curves() {
  return (
    <div class="curves">
      <div class="curves-head">
        <Legend />
        <Toggle label="Log axis" value={isLog} title="Show small losses larger" />
        <Toggle label="Recent part" value={isRecent} title="Show the last fifth of the epochs only" />
      </div>
      <div class="curves-pair">
        <Curve what="Loss" />
        {kind() !== 'regression' && <Curve what="Score" />}
      </div>
    </div>
  )
}

function Toggle({ label, value, title }: { label: string; value: { value: boolean }; title: string }) {
  return (
    <button
      type="button"
      title={title}
      aria-pressed={value.value}
      onClick={() => {
        value.value = !value.value
      }}
    >
      {label}
    </button>
  )
}

/** What a solid and a dashed line are. */
export function Legend() {
  const hasTest = (data.value?.shown.test.count ?? 0) > 0
  return (
    <p class="curves-legend">
      <Line dashed={false} /> training
      {hasTest && (
        <>
          <Line dashed /> test
        </>
      )}
    </p>
  )
}

const Line = ({ dashed }: { dashed: boolean }) => (
  <svg width="26" height="8" aria-hidden="true">
    <path d="M1 4H25" stroke="currentColor" stroke-width="2" stroke-dasharray={dashed ? '5 4' : undefined} />
  </svg>
)

/** The values of a point in words. */
function describePoint(what: Measure, { epoch, ...point }: HistoryPoint): string {
  const [train, test] = what === 'Loss' ? [point.trainLoss, point.testLoss] : [point.trainScore, point.testScore]
  const format = what === 'Loss' ? formatNumber : percent
  const parts = [train !== null && `training ${format(train)}`, test !== null && `test ${format(test)}`]
  return `epoch ${epoch.toLocaleString('en')} · ${parts.filter(Boolean).join(' · ')}`
}

/** How far the arrow keys move, in points. */
const keySteps: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  PageUp: -10,
  PageDown: 10,
  Home: -Infinity,
  End: Infinity,
}

/**
 * Loss or score over the epochs, for training and test data. Its values are shown where the pointer is, or where the
 * arrow keys moved to; else at the epoch where the network is now.
 */
export function Curve({ what }: { what: Measure }) {
  const holder = useRef<HTMLDivElement>(null)
  const [inspected, setInspected] = useState<number | null>(null)
  const points = isRecent.value ? recentPart(history.value) : history.value
  const current = nearestPoint(points, progress.value?.epoch ?? 0)
  const chart = useChart(holder, what, setInspected)
  const visible = useVisible(holder)
  const colours = palette()
  useEffect(() => {
    if (visible && points.length > 0) chart?.show(points, current)
  }, [chart, visible, points, current, colours])
  const index = Math.min(points.length - 1, inspected ?? current)
  const point = points[index]
  const text = point ? describePoint(what, point) : ''
  return (
    <figure class="curve">
      <figcaption>
        <b>{what}</b> <output>{text}</output>
      </figcaption>
      <div
        class="curve-plot"
        ref={holder}
        tabIndex={0}
        role="slider"
        aria-label={`${what} over the epochs: the arrow keys read its values`}
        aria-valuemin={points[0]?.epoch ?? 0}
        aria-valuemax={points.at(-1)?.epoch ?? 0}
        aria-valuenow={point?.epoch ?? 0}
        aria-valuetext={text}
        onKeyDown={(event) => {
          const by = keySteps[event.key]
          if (by === undefined) return
          event.preventDefault()
          chart?.pointAt(Math.min(points.length - 1, Math.max(0, index + by)))
        }}
        onFocus={() => {
          chart?.pointAt(index)
        }}
        onBlur={() => {
          chart?.pointAt(null)
        }}
      />
    </figure>
  )
}

type Holder = { current: HTMLDivElement | null }

/** The chart in an element. The library that paints it is loaded when the first chart is shown. */
function useChart(holder: Holder, what: Measure, onPoint: (index: number | null) => void): Chart | undefined {
  const [chart, setChart] = useState<Chart>()
  const [log, recent] = [what === 'Loss' && isLog.value, isRecent.value]
  useEffect(() => {
    const element = holder.current
    if (!element) return
    let made: Chart | undefined
    let isGone = false
    const resized = new ResizeObserver(() => made?.resize(element.clientWidth, element.clientHeight))
    void import('./curve-chart.ts').then(({ Chart }) => {
      if (isGone) return
      made = new Chart(element, { what, isLog: log, isRecent: recent, onPoint })
      setChart(made)
      resized.observe(element)
    })
    return () => {
      isGone = true
      resized.disconnect()
      made?.destroy()
      setChart(undefined)
    }
  }, [what, log, recent])
  return chart
}

/** Whether an element is on the screen or near it. A chart that nobody sees is not painted. */
function useVisible(holder: Holder): boolean {
  const [visible, setVisible] = useState(false)
  useEffect(() => {
    if (!holder.current) return
    const observer = new IntersectionObserver(
      ([entry]) => {
        setVisible(entry?.isIntersecting ?? false)
      },
      { rootMargin: '400px' },
    )
    observer.observe(holder.current)
    return () => {
      observer.disconnect()
    }
  }, [])
  return visible
}
