/* global uPlot */
// Draws several runs' curves over each other. Runs in the reader's browser, after charts.js.
'use strict'
{
  const { run, rgb, overEpochs } = globalThis.charts

  /** Puts one kind of curve of all runs that have it into a chart; the runs' epochs need not be the same. */
  function overlay(id, label, own, held) {
    const place = document.getElementById(id)
    if (!place) return
    const shown = []
    const tables = []
    run.runs.forEach(({ name, curves }, i) => {
      // Runs beyond the palette differ by their dots.
      const again = i >= run.palette.length ? [2, 4] : undefined
      for (const [key, kind, dash] of [
        [own, '', again],
        [held, ' (validation)', [8, 5]],
      ]) {
        if (!curves[key]) continue
        shown.push({ label: name + kind, stroke: rgb(i), dash })
        tables.push([curves.epoch, curves[key]])
      }
    })
    overEpochs(place, label, shown, uPlot.join(tables))
  }

  overlay('loss', 'loss', 'loss', 'validationLoss')
  overlay('score', 'score', 'score', 'validationScore')
}
