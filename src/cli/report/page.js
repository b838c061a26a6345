// Draws one run's report from the data in it. Runs in the reader's browser, after charts.js.
'use strict'
{
  const { run, rgb, axis, chart, overEpochs } = globalThis.charts
  const { curves } = run.record
  const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const nameOf = (label) => run.classes[label] ?? String(label)

  function curve(id, label, own, held) {
    if (!own) return
    const shown = [{ label: `training ${label}`, stroke: rgb(0) }]
    if (held) shown.push({ label: `validation ${label}`, stroke: rgb(4), dash: [6, 4] })
    overEpochs(document.getElementById(id), label, shown, [curves.epoch, own, ...(held ? [held] : [])])
  }

  /** A scatter chart over the plane; `behind` draws under the points. */
  function scatter(place, behind, ringed) {
    const { x, y, labels, wrong } = run.plane
    const classes = [...new Set(labels)].sort((a, b) => a - b)
    const data = [
      null,
      ...classes.map((label) => {
        const of = (values) => values.filter((_, i) => labels[i] === label)
        return [of(x.values), of(y.values), of(wrong)]
      }),
    ]
    const draw = (plot, index) => {
      const { ctx } = plot
      const [xs, ys, bad] = plot.data[index]
      const size = 3.2 * devicePixelRatio
      ctx.save()
      ctx.beginPath()
      ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height)
      ctx.clip()
      xs.forEach((value, i) => {
        const [px, py] = [plot.valToPos(value, 'x', true), plot.valToPos(ys[i], 'y', true)]
        ctx.beginPath()
        ctx.arc(px, py, size, 0, 2 * Math.PI)
        ctx.fillStyle = rgb(classes[index - 1])
        ctx.fill()
        ctx.lineWidth = devicePixelRatio
        ctx.strokeStyle = 'rgba(255,255,255,0.9)'
        ctx.stroke()
        if (!ringed || !bad[i]) return
        ctx.beginPath()
        ctx.arc(px, py, size * 1.8, 0, 2 * Math.PI)
        ctx.lineWidth = 1.6 * devicePixelRatio
        ctx.strokeStyle = '#000'
        ctx.stroke()
      })
      ctx.restore()
      return null
    }
    const options = {
      mode: 2,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: () => [x.low, x.high] },
        y: { range: () => [y.low, y.high] },
      },
      axes: [axis(run.features?.[0] ?? 'x'), { ...axis(run.features?.[1] ?? 'y'), size: 56 }],
      series: [{}, ...classes.map((label) => ({ label: nameOf(label), stroke: rgb(label), paths: draw }))],
      hooks: { drawAxes: behind ? [behind] : [] },
    }
    chart(place, (width) => Math.min(460, Math.round(width * 0.86)), options, data)
  }

  function regions() {
    const { grid, colours } = run.plane
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = grid
    const context = canvas.getContext('2d')
    const image = context.createImageData(grid, grid)
    bytes(colours).forEach((value, i) => {
      image.data[4 * Math.floor(i / 3) + (i % 3)] = value
      image.data[4 * Math.floor(i / 3) + 3] = 150
    })
    context.putImageData(image, 0, 0)
    return (plot) => {
      const { left, top, width, height } = plot.bbox
      plot.ctx.imageSmoothingEnabled = true
      plot.ctx.drawImage(canvas, left, top, width, height)
    }
  }

  function legend(place) {
    for (const label of [...new Set(run.plane.labels)].sort((a, b) => a - b)) {
      const item = document.createElement('span')
      const dot = document.createElement('i')
      dot.style.background = rgb(label)
      item.append(dot, nameOf(label))
      place.append(item)
    }
  }

  function picture({ pixels, answer, label }) {
    const { side } = run.pictures
    const figure = document.createElement('figure')
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = side
    const context = canvas.getContext('2d')
    const image = context.createImageData(side, side)
    bytes(pixels).forEach((value, i) => image.data.set([value, value, value, 255], 4 * i))
    context.putImageData(image, 0, 0)
    const caption = document.createElement('figcaption')
    caption.textContent = `${nameOf(answer)}, is ${nameOf(label)}`
    canvas.setAttribute('role', 'img')
    canvas.setAttribute('aria-label', `a ${nameOf(label)}, answered ${nameOf(answer)}`)
    figure.append(canvas, caption)
    return figure
  }

  if (run.plane) {
    const section = document.getElementById('plane')
    const [raw, answered] = section.querySelectorAll('.chart')
    legend(section.querySelector('.legend'))
    scatter(raw, null, false)
    scatter(answered, regions(), true)
  }
  curve('loss', 'loss', curves.loss, curves.validationLoss)
  curve('score', 'score', curves.score, curves.validationScore)
  if (run.pictures) document.querySelector('#mistakes .grid').append(...run.pictures.shown.map(picture))
}
