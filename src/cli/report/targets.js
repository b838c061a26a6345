// Draws the charts of regression targets. Runs in the reader's browser, after charts.js.
'use strict'
{
  const { run, rgb, axis, chart } = globalThis.charts

  /** Bounds with a margin; not empty where all values are the same. */
  function bounds(...lists) {
    let [low, high] = [Infinity, -Infinity]
    for (const list of lists) {
      for (const value of list) {
        low = Math.min(low, value)
        high = Math.max(high, value)
      }
    }
    const margin = 0.05 * (high - low || Math.abs(high) || 1)
    return [low - margin, high + margin]
  }

  /** Large numbers are shortened, so that they fit beside the axis. */
  const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 4 })
  const numbered = (label, size = 50) => ({
    ...axis(label),
    size,
    values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : short.format(tick))),
  })
  const line = () => getComputedStyle(document.documentElement).getPropertyValue('--soft').trim()

  /** Points, with a line behind them. @param ends of the line: two points in the units of the axes */
  function scatter(place, [xs, ys], { xLabel, yLabel, x, y, ends }) {
    const draw = (plot) => {
      const { ctx } = plot
      const at = ([px, py]) => [plot.valToPos(px, 'x', true), plot.valToPos(py, 'y', true)]
      ctx.save()
      ctx.beginPath()
      ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height)
      ctx.clip()
      ctx.beginPath()
      ctx.moveTo(...at(ends[0]))
      ctx.lineTo(...at(ends[1]))
      ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio])
      ctx.lineWidth = 1.5 * devicePixelRatio
      ctx.strokeStyle = line()
      ctx.stroke()
      ctx.fillStyle = rgb(0, xs.length > 500 ? 0.4 : 0.7)
      xs.forEach((value, i) => {
        ctx.beginPath()
        ctx.arc(...at([value, ys[i]]), 3 * devicePixelRatio, 0, 2 * Math.PI)
        ctx.fill()
      })
      ctx.restore()
      return null
    }
    const options = {
      mode: 2,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: () => x }, y: { range: () => y } },
      axes: [numbered(xLabel), numbered(yLabel, 64)],
      series: [{}, { stroke: rgb(0), paths: draw }],
    }
    chart(place, () => 320, options, [null, [xs, ys]])
  }

  function histogram(place, { edges, counts }) {
    const draw = (plot) => {
      const { ctx } = plot
      const bottom = plot.valToPos(0, 'y', true)
      ctx.save()
      ctx.fillStyle = rgb(0, 0.8)
      counts.forEach((count, i) => {
        const [left, right] = [plot.valToPos(edges[i], 'x', true), plot.valToPos(edges[i + 1], 'x', true)]
        const top = plot.valToPos(count, 'y', true)
        ctx.fillRect(left + 1, top, Math.max(1, right - left - 2), bottom - top)
      })
      ctx.restore()
      return null
    }
    const most = Math.max(...counts)
    const whole = {
      ...numbered('samples', 64),
      incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6],
    }
    const options = {
      mode: 2,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: () => [edges[0], edges.at(-1)] }, y: { range: () => [0, 1.08 * most] } },
      axes: [numbered('error'), whole],
      series: [{}, { stroke: rgb(0), paths: draw }],
    }
    chart(place, () => 320, options, [null, [edges.slice(0, -1), counts]])
  }

  for (const place of document.querySelectorAll('#targets [data-chart]')) {
    const { actual, predicted, bins } = run.targets[Number(place.dataset.target)]
    const { chart: kind } = place.dataset
    if (kind === 'histogram') histogram(place, bins)
    else if (kind === 'fit') {
      const both = bounds(actual, predicted)
      const ends = [both, both].map((_, i) => [both[i], both[i]])
      scatter(place, [actual, predicted], { xLabel: 'true', yLabel: 'predicted', x: both, y: both, ends })
    } else {
      const errors = predicted.map((value, i) => value - actual[i])
      const [x, y] = [bounds(predicted), bounds(errors, [0])]
      const ends = x.map((value) => [value, 0])
      scatter(place, [predicted, errors], { xLabel: 'predicted', yLabel: 'error', x, y, ends })
    }
  }
}
