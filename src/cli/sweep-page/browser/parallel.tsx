import { batch, effect, useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { brushY, type D3BrushEvent } from 'd3-brush'
import { select as selectElement } from 'd3-selection'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { axes, score } from './axes.ts'
import { type LineColours, lineColours } from './colours.ts'
import { count } from './format.ts'
import {
  chooseLines,
  drawHighlight,
  drawLines,
  type Geometry,
  lineAt,
  type Lines,
  makeYs,
  MOST_LINES,
} from './lines.ts'
import { networks, run } from './run.ts'
import { type AxisScale, makeScale } from './scale.ts'
import { filters, hovered, type Interval, isDragging, select, selected, setFilter, shown } from './state.ts'

const HEIGHT = 340
const LINES_WHILE_DRAGGING = 1200
/** Axes are at least this far apart; where the window is narrower, the chart scrolls. */
const LEAST_SPACE = 96
/** Half the width of the part of an axis in which dragging selects a part of it. */
const REACH = 16

const longest = (labels: readonly string[]) => labels.reduce((most, { length }) => Math.max(most, length), 0)

function makeGeometry(available: number): Geometry {
  const scales = axes.map((axis) => makeScale(axis, HEIGHT))
  const labels = scales[0]!.ticks.map(({ label }) => label)
  const left = Math.max(48, Math.min(130, 16 + 7 * longest(labels)))
  const right = 76
  const width = Math.max(available, left + right + LEAST_SPACE * (axes.length - 1))
  const xs = axes.map((_, a) => Math.round(left + (a * (width - left - right)) / Math.max(1, axes.length - 1)))
  return { width, height: HEIGHT, xs, scales, ys: makeYs(scales) }
}

/** The context of a canvas, with the size of the chart in CSS pixels. */
function prepare(canvas: HTMLCanvasElement, { width, height }: Geometry): CanvasRenderingContext2D {
  const scale = Math.min(2, devicePixelRatio || 1)
  const context = canvas.getContext('2d')!
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)]
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high })
  context.setTransform(scale, 0, 0, scale, 0, 0)
  return context
}

/** Calls a function at most once a frame, with the latest arguments. */
function onFrame<Given extends unknown[]>(call: (...given: Given) => void): (...given: Given) => void {
  let latest: Given | undefined
  return (...given) => {
    if (!latest) {
      requestAnimationFrame(() => {
        const last = latest!
        latest = undefined
        call(...last)
      })
    }
    latest = given
  }
}

const shortened = (label: string) => (label.length > 16 ? `${label.slice(0, 15)}…` : label)
/** About as wide as a label is. */
const labelWidth = (label: string) => 7.3 * shortened(label).length

/** An axis with its labels, and the part of it that is marked. */
function AxisLines({ scale, x, side }: { scale: AxisScale; x: number; side: 'left' | 'right' }) {
  const place = useRef<SVGGElement>(null)
  const { axis } = scale
  useEffect(() => {
    const group = selectElement(place.current!)
    const mark = onFrame((isGoingOn: boolean, interval: Interval | undefined) =>
      batch(() => {
        isDragging.value = isGoingOn
        if (interval || !isGoingOn) setFilter(axis, interval)
      }),
    )
    const brush = brushY<unknown>()
      .extent([
        [-REACH, 0],
        [REACH, HEIGHT],
      ])
      .on('start brush end', ({ type, selection, sourceEvent }: D3BrushEvent<unknown>) => {
        if (!sourceEvent) return
        const [top, bottom] = (selection ?? []) as [number?, number?]
        const interval = top === undefined || bottom === undefined ? undefined : scale.interval(top, bottom)
        mark(type !== 'end', interval)
      })
    group.call(brush)
    return effect(() => {
      const own = filters.value.get(axis)
      if (!isDragging.value) group.call((chosen) => brush.move(chosen, own ? scale.span(own) : null))
    })
  }, [scale])
  const sign = side === 'left' ? -1 : 1
  return (
    <g transform={`translate(${x} 0)`}>
      <line class="axis-line" y1={0} y2={HEIGHT} />
      {scale.ticks.map(({ y, label }) => (
        <g key={label} class="tick" transform={`translate(0 ${y})`}>
          <line class="axis-line" x2={5 * sign} />
          <rect
            x={side === 'left' ? -12 - labelWidth(label) : 6}
            y={-8}
            width={6 + labelWidth(label)}
            height={16}
            rx={4}
          />
          <text x={9 * sign} dy="0.34em" text-anchor={side === 'left' ? 'end' : 'start'}>
            {shortened(label)}
          </text>
        </g>
      ))}
      <g ref={place} class="brush" />
    </g>
  )
}

/** The values of the network under the pointer, or of the selected one, beside the axes. */
function Values({ geometry: { xs, scales, ys } }: { geometry: Geometry }) {
  const network = hovered.value ?? selected.value
  if (network === undefined) return null
  const labels = scales.map(({ axis }) => {
    const value = axis.text(axis.coordinates[network]!)
    return axis === score ? `#${count(run.ranks[network]!)}: ${value}` : value
  })
  return (
    <g class="values">
      {labels.map((label, a) => {
        const isLast = a === labels.length - 1
        const width = 12 + 7.2 * label.length
        const x = isLast ? xs[a]! - width - 9 : xs[a]! + 9
        return (
          <g key={a} transform={`translate(${x} ${Math.max(12, ys[network * axes.length + a]! - 12)})`}>
            <rect y={-10} width={width} height={20} rx={5} />
            <text x={width / 2} dy="0.34em" text-anchor="middle">
              {label}
            </text>
          </g>
        )
      })}
    </g>
  )
}

/** Parallel coordinates: an axis for each setting and result, a line for each network. */
export function Parallel() {
  const place = useRef<HTMLDivElement>(null)
  const [back, front] = [useRef<HTMLCanvasElement>(null), useRef<HTMLCanvasElement>(null)]
  const available = useSignal(0)
  const geometry = useComputed(() => makeGeometry(available.value))
  useLayoutEffect(() => {
    const measure = () => (available.value = place.current!.clientWidth)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(place.current!)
    return () => observer.disconnect()
  }, [])
  const redraw = useRef(
    onFrame((all: Geometry, lines: Lines, colours: LineColours) =>
      drawLines(prepare(back.current!, all), all, lines, colours),
    ),
  ).current
  useSignalEffect(() => {
    // Fewer lines, so that they follow the pointer.
    const lines = chooseLines(shown.value, isDragging.value ? LINES_WHILE_DRAGGING : MOST_LINES)
    redraw(geometry.value, lines, lineColours.value)
  })
  useSignalEffect(() => {
    const context = prepare(front.current!, geometry.value)
    context.clearRect(0, 0, geometry.value.width, HEIGHT)
    for (const network of new Set([selected.value, hovered.value])) {
      if (network !== undefined) drawHighlight(context, geometry.value, network, lineColours.value)
    }
  })
  const find = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    return lineAt(
      geometry.peek(),
      chooseLines(shown.peek(), MOST_LINES).lines,
      event.clientX - box.left,
      event.clientY - box.top,
    )
  }
  const { width, xs, scales } = geometry.value
  const { every } = chooseLines(shown.value, MOST_LINES)
  return (
    <>
      <div class="scroll parallel" ref={place} tabIndex={0} role="group" aria-label="Parallel coordinates">
        <div class="parallel-inner" style={{ width: `${width}px` }}>
          <div class="axis-names">
            {scales.map(({ axis }, a) => (
              <span key={a} title={axis.title} style={{ left: `${(100 * xs[a]!) / width}%` }}>
                {axis.name}
              </span>
            ))}
          </div>
          <div class="parallel-lines" style={{ height: `${HEIGHT}px` }}>
            <canvas ref={back} style={{ width: `${width}px`, height: `${HEIGHT}px` }} />
            <canvas ref={front} style={{ width: `${width}px`, height: `${HEIGHT}px` }} />
            <svg
              aria-hidden="true"
              viewBox={`0 0 ${width} ${HEIGHT}`}
              width={width}
              height={HEIGHT}
              onPointerMove={(event) => (hovered.value = event.pointerType === 'mouse' ? find(event) : undefined)}
              onPointerLeave={() => (hovered.value = undefined)}
              onClick={(event) => {
                const network = find(event)
                if (network !== undefined && !isBrush(event.target)) select(network)
              }}
            >
              {scales.map((scale, a) => (
                <AxisLines
                  key={scale.axis.name}
                  scale={scale}
                  x={xs[a]!}
                  side={a === axes.length - 1 ? 'right' : 'left'}
                />
              ))}
              <Values geometry={geometry.value} />
            </svg>
          </div>
        </div>
      </div>
      {every > 1 && (
        <p class="note">
          {count(MOST_LINES)} lines at most are drawn: those of the best 1,000, and of the others one in {count(every)}.
          Filters, table and heat map use all {count(networks)} networks.
        </p>
      )}
    </>
  )
}

const isBrush = (target: EventTarget | null) => target instanceof Element && target.closest('.brush') !== null
