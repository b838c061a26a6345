/* global uPlot */
// What the charts of reports have in common. Runs in the reader's browser; plain, no modules.
'use strict'
{
  const ink = () => getComputedStyle(document.documentElement).getPropertyValue('--soft').trim()
  const line = () => getComputedStyle(document.documentElement).getPropertyValue('--line').trim()
  const run = JSON.parse(document.getElementById('run').textContent)
  const rgb = (place, alpha = 1) => `rgba(${run.palette[place % run.palette.length].join(',')},${alpha})`
  const made = []

  const axis = (label) => ({
    label,
    stroke: ink,
    labelSize: 22,
    labelFont: '13px system-ui, sans-serif',
    font: '12px system-ui, sans-serif',
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
  })

  /** Makes a chart as wide as its place, and keeps it so. */
  function chart(place, height, options, data) {
    const width = () => Math.max(200, place.clientWidth)
    const plot = new uPlot({ ...options, width: width(), height: height(width()) }, data, place)
    made.push({ plot, fit: () => plot.setSize({ width: width(), height: height(width()) }) })
    return plot
  }

  /** Curves over the epochs. @param curves label, stroke and dash of each, one a column of `data` after the epochs */
  function overEpochs(place, label, curves, data) {
    const one = ({ label, stroke, dash }) => ({
      label,
      stroke,
      dash,
      width: 2,
      points: { show: data[0].length < 30 },
      value: (_, value) => (value === null || value === undefined ? '–' : Number(value.toPrecision(4))),
    })
    const options = {
      scales: { x: { time: false } },
      axes: [
        axis('epoch'),
        {
          ...axis(label),
          size: 62,
          values: (_, ticks) =>
            ticks.map((tick) => (Math.abs(tick) < 1e6 ? tick.toLocaleString('en') : tick.toExponential(1))),
        },
      ],
      series: [{ label: 'epoch' }, ...curves.map(one)],
    }
    chart(place, () => 280, options, data)
  }

  addEventListener('resize', () => made.forEach(({ fit }) => fit()))
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => made.forEach(({ plot }) => plot.redraw()))
  globalThis.charts = { run, rgb, axis, chart, overEpochs }
}
