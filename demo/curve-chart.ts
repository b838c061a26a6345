import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { css, mix, palette } from './colours.ts'
import type { HistoryPoint } from './history.ts'
import { formatTick } from './numbers.ts'

/** Kind 3 is logarithmic. The declarations name the kinds by an enum that exists only there. */
const logScale: uPlot.Scale = { log: 10, ...({ distr: 3 } as object) }

export type Measure = 'Loss' | 'Score'

interface ChartOptions {
  what: Measure
  isLog: boolean
  /** Whether the chart shows the recent part, whose scores need not begin at 0. */
  isRecent: boolean
  /** Called with the index of the point under the pointer, or null. */
  onPoint: (index: number | null) => void
}

const ink = () => palette().ink
const grid = () => css(mix(palette().middle, palette().inkColour, 0.14))
const soft = () => css(mix(palette().middle, palette().inkColour, 0.62))

export const trainValue = (what: Measure, point: HistoryPoint) => (what === 'Loss' ? point.trainLoss : point.trainScore)
export const testValue = (what: Measure, point: HistoryPoint) => (what === 'Loss' ? point.testLoss : point.testScore)

/** Values on a log axis: those that have no logarithm are left out. */
const positive = (value: number | null) => (value !== null && value > 0 ? value : null)

/** A chart of loss or score over the epochs: the training data as a solid line, the test data as a dashed line. */
export class Chart {
  readonly #plot: uPlot
  readonly #what: Measure
  readonly #isLog: boolean
  #points: readonly HistoryPoint[] = []
  /** The index of the point where the network is now. */
  #current = -1

  constructor(holder: HTMLElement, { what, isLog, isRecent, onPoint }: ChartOptions) {
    this.#what = what
    this.#isLog = isLog
    const axis = { stroke: soft, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 4 } }
    const font = '11px system-ui, sans-serif'
    const isWhole = what === 'Score' && !isRecent
    this.#plot = new uPlot(
      {
        width: holder.clientWidth,
        height: holder.clientHeight,
        padding: [8, 10, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 8, width: 2, fill: ink } },
        scales: {
          x: { time: false },
          y: isLog ? logScale : isWhole ? { range: [0, 1] } : {},
        },
        axes: [
          { ...axis, font, size: 24, gap: 3 },
          { ...axis, font, size: 48, gap: 4, values: (_, ticks) => ticks.map(formatAxis) },
        ],
        series: [
          {},
          { stroke: ink, width: 2, points: { show: false } },
          { stroke: ink, width: 1.5, dash: [5, 4], points: { show: false } },
        ],
        hooks: {
          setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)], // prettier-ignore
          draw: [(plot) => this.#drawMarker(plot)], // prettier-ignore
        },
      },
      [[], [], []],
      holder,
    )
  }

  /** Shows these points, with a marker at the one where the network is now. */
  show(points: readonly HistoryPoint[], current: number): void {
    this.#points = points
    this.#current = current
    const values = (of: (what: Measure, point: HistoryPoint) => number | null) =>
      points.map((point) => (this.#isLog ? positive(of(this.#what, point)) : of(this.#what, point)))
    this.#plot.setData([points.map(({ epoch }) => epoch), values(trainValue), values(testValue)])
  }

  resize(width: number, height: number): void {
    if (width > 0) this.#plot.setSize({ width, height })
  }

  /** Moves the cursor to a point; null removes it. */
  pointAt(index: number | null): void {
    const point = index === null ? undefined : this.#points[index]
    this.#plot.setCursor(point ? { left: this.#plot.valToPos(point.epoch, 'x'), top: 0 } : { left: -10, top: -10 })
  }

  destroy(): void {
    this.#plot.destroy()
  }

  /** A line at the epoch where the network is, with a dot on each curve. */
  #drawMarker({ ctx, bbox, valToPos }: uPlot): void {
    const point = this.#points[this.#current]
    if (!point) return
    const x = valToPos(point.epoch, 'x', true)
    const ratio = devicePixelRatio
    ctx.save()
    ctx.setLineDash([])
    ctx.strokeStyle = soft()
    ctx.fillStyle = ink()
    ctx.lineWidth = ratio
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    for (const value of [trainValue(this.#what, point), testValue(this.#what, point)]) {
      if (value === null || (this.#isLog && value <= 0)) continue
      ctx.beginPath()
      ctx.arc(x, valToPos(value, 'y', true), 3.5 * ratio, 0, 2 * Math.PI)
      ctx.fill()
    }
    ctx.restore()
  }
}

/** On a log axis, uPlot leaves out the labels of some ticks: they are null. */
const formatAxis = (tick: number | null) => (tick === null ? '' : formatTick(tick))
