// Draws the report of a run that diverged. Runs in the reader's browser, after charts.js.
'use strict'
{
  const { run, rgb, axis, chart, overEpochs } = globalThis.charts
  const { epoch, loss, validationLoss } = run.record.curves
  const before = document.getElementById('loss')
  if (before) {
    const own = [{ label: 'training loss', stroke: rgb(0) }]
    const held = validationLoss ? [{ label: 'validation loss', stroke: rgb(4), dash: [6, 4] }] : []
    overEpochs(before, 'loss', [...own, ...held], [epoch, loss, ...(validationLoss ? [validationLoss] : [])])
  }
  const place = document.getElementById('steps')
  if (place) {
    const { first, values } = run.losses
    const short = (value) =>
      value === null || value === undefined ? 'not finite' : Number(value.toPrecision(3)).toString()
    /** About eight powers of ten, at equal distances, however many there are; uPlot itself shows none of many. */
    const powersOfTen = (_, __, low, high) => {
      const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))]
      const step = Math.max(1, Math.ceil((last - first) / 8))
      return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => 10 ** (first + i * step))
    }
    const options = {
      scales: { x: { time: false }, y: { distr: 3 } },
      axes: [
        { ...axis('step'), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] },
        {
          ...axis('loss'),
          size: 70,
          splits: powersOfTen,
          // uPlot shows no ticks where it finds no increment that is large enough.
          incrs: [1e200],
          filter: (_, splits) => splits,
          values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : tick.toExponential(0))),
        },
      ],
      series: [
        { label: 'step' },
        {
          label: 'loss',
          stroke: rgb(4),
          width: 2,
          points: { show: values.length < 60 },
          value: (_, value, __, step) => (step === null || step === undefined ? '–' : short(value)),
        },
      ],
    }
    // A logarithmic scale has no 0.
    const shown = values.map((value) => (value > 0 ? value : null))
    chart(place, () => 280, options, [values.map((_, i) => first + i), shown])
  }
}
