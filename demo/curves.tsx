import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { css, mix, palette } from './colours.ts'
import { formatTick } from './numbers.ts'
import { history } from './state.ts'

const ink = () => palette().ink
const grid = () => css(mix(palette().middle, palette().inkColour, 0.2))

function makeChart(element: HTMLElement, what: 'Loss' | 'Score'): uPlot {
  const axis = () => ({ stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } })
  return new uPlot(
    {
      width: element.clientWidth,
      height: 150,
      legend: { show: true, live: false },
      scales: { x: { time: false }, ...(what === 'Score' && { y: { range: [0, 1] as [number, number] } }) },
      axes: [
        { ...axis(), size: 30 },
        { ...axis(), size: 56, values: (_, ticks) => ticks.map(formatTick) },
      ],
      series: [
        { label: 'epoch' },
        { label: `${what}, training`, stroke: '#d95f0e', width: 2, points: { show: false } },
        { label: `${what}, test`, stroke: '#4393d6', width: 2, dash: [6, 3], points: { show: false } },
      ],
    },
    [[], [], []],
    element,
  )
}

/** Loss or score over the epochs, for training and test data. */
export function Curve({ what }: { what: 'Loss' | 'Score' }) {
  const element = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | undefined>(undefined)
  useEffect(() => {
    if (!element.current) return
    const holder = element.current
    chart.current = makeChart(holder, what)
    const resized = new ResizeObserver(() => chart.current?.setSize({ width: holder.clientWidth, height: 150 }))
    resized.observe(holder)
    return () => {
      resized.disconnect()
      chart.current?.destroy()
    }
  }, [what])
  const points = history.value
  const colours = palette()
  useEffect(() => {
    // uPlot cannot redraw a chart without data.
    if (history.peek().length > 0) chart.current?.redraw()
  }, [colours])
  useEffect(() => {
    chart.current?.setData([
      points.map(({ epoch }) => epoch),
      points.map((point) => (what === 'Loss' ? point.trainLoss : point.trainScore)),
      points.map((point) => (what === 'Loss' ? point.testLoss : point.testScore)),
    ])
  }, [points, what])
  return <div class="curve" ref={element} />
}
