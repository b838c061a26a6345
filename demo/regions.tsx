import { useEffect, useRef } from 'preact/hooks'
import { css, pale, palette } from './colours.ts'
import { decision, paint } from './drawing.ts'
import { type Points, REGION_SIDE, type View } from './protocol.ts'
import { data, progress } from './state.ts'

/** Whether a sample is of the second class: its one target is 1, or of two the second. */
function isSecond({ inputs, targets }: Points, i: number): boolean {
  return targets.length === inputs.length / 2 ? targets[i] === 1 : targets[2 * i + 1] === 1
}

function drawPoints(context: CanvasRenderingContext2D, points: Points, view: View, hollow: boolean): void {
  const colours = palette()
  const { width } = context.canvas
  const radius = width / 95
  for (let i = 0; i < points.inputs.length / 2; i++) {
    const x = ((points.inputs[2 * i]! - view.left) / view.side) * width
    const y = (1 - (points.inputs[2 * i + 1]! - view.bottom) / view.side) * width
    const second = isSecond(points, i)
    context.beginPath()
    // Shape as well as colour: the classes can be told apart without seeing either hue.
    if (second) context.rect(x - radius, y - radius, 2 * radius, 2 * radius)
    else context.arc(x, y, 1.15 * radius, 0, 2 * Math.PI)
    context.fillStyle = css(second ? colours.high : colours.low)
    context.strokeStyle = hollow ? colours.ink : css(colours.middle)
    context.lineWidth = hollow ? width / 300 : width / 400
    context.fill()
    context.stroke()
  }
}

/** The data beside what the network makes of the plane. */
export function Plane({ regions }: { regions: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const overlay = useRef<HTMLCanvasElement>(null)
  const { train, test, view } = data.value
  const current = progress.value
  useEffect(() => {
    if (!canvas.current || !regions || !current) return
    const { sizes, activations } = current.network
    const outputs = sizes.at(-1)!
    const shares = Float32Array.from({ length: REGION_SIDE ** 2 }, (_, i) =>
      decision(current.regions, outputs, activations.at(-1)!, i),
    )
    paint(canvas.current, shares, REGION_SIDE, pale(palette()))
  }, [current, regions])
  useEffect(() => {
    const context = overlay.current?.getContext('2d')
    if (!context) return
    const side = 2 * (overlay.current?.clientWidth ?? 300)
    context.canvas.width = context.canvas.height = side
    drawPoints(context, train, view, false)
    drawPoints(context, test, view, true)
  }, [train, test, view])
  const what = regions ? 'What the network answers over the plane, with the data over it' : 'The data'
  return (
    <figure class="plane" data-regions={regions || undefined}>
      <div class="square">
        <canvas ref={canvas} aria-hidden="true" />
        <canvas ref={overlay} role="img" aria-label={what} />
      </div>
    </figure>
  )
}
