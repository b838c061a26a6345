import { effect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { palette } from './colours.ts'
import { drawBiases, drawEdges, drawLit, drawOutputs, type Edge, edgesOf } from './diagram-edges.ts'
import type { DiagramLayout } from './diagram-layout.ts'
import { classColour } from './drawing.ts'
import { inspected } from './inspected.ts'
import { lit } from './lit.ts'
import { data, progress } from './state.ts'

/** How far lines may leave the diagram: to inputs beside it, and to the plane at its right. */
const BLEED = { left: 72, top: 72, right: 20, bottom: 72 }
/** Nothing is at the right of a diagram that has its inputs inside: there, the screen ends. */
const bleedRight = ({ beside }: DiagramLayout) => (beside ? BLEED.right : 0)

/** The colour of an output: that of its class, of its label, or ink for a number. */
function outputColour(output: number): string {
  const colours = palette()
  const shown = data.value?.shown
  if (!shown || shown.kind === 'regression') return colours.ink
  if (shown.kind === 'labels') return classColour(1, 2, colours)
  // A single output for two classes is that of the second.
  return shown.outputs.length === 1 ? classColour(1, 2, colours) : classColour(output, shown.classes.length, colours)
}

/** The context of the canvas, with the origin at the top left corner of the diagram; cleared. */
function prepareCanvas(canvas: HTMLCanvasElement, layout: DiagramLayout): CanvasRenderingContext2D | null {
  const { width, height } = layout
  const context = canvas.getContext('2d')
  const ratio = Math.min(3, Math.max(1, devicePixelRatio))
  const [full, tall] = [width + BLEED.left + bleedRight(layout), height + BLEED.top + BLEED.bottom]
  const [columns, rows] = [Math.round(full * ratio), Math.round(tall * ratio)]
  // Setting the size, even to the same one, takes time.
  if (canvas.width !== columns) canvas.width = columns
  if (canvas.height !== rows) canvas.height = rows
  context?.setTransform(ratio, 0, 0, ratio, 0, 0)
  context?.clearRect(0, 0, full, tall)
  context?.translate(BLEED.left, BLEED.top)
  return context
}

/**
 * The lines of the weights and the marks of the biases. They are on a canvas, which is cheap to draw again with each report.
 * @param edges receives the lines that are drawn, which the pointer can be at
 */
export function Edges({ layout, edges }: { layout: DiagramLayout; edges: { current: readonly Edge[] } }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(
    () =>
      effect(() => {
        const [network, values, at, colours] = [progress.value?.network, lit.value, inspected.value, palette()]
        const context = canvas.current && prepareCanvas(canvas.current, layout)
        if (!context) return
        drawOutputs(context, layout, outputColour, bleedRight(layout))
        // After a change of layers, the latest report may still describe the old network.
        const isCurrent = network?.sizes.join() === layout.sizes.join()
        edges.current = network && isCurrent ? edgesOf(network, layout, at, values) : []
        if (!network || !isCurrent) return
        drawEdges(context, edges.current, at, colours)
        if (values && layout.wall !== undefined) drawLit(context, layout, values[0], colours)
        drawBiases(context, network, layout, colours)
      }),
    [layout],
  )
  return (
    <canvas
      ref={canvas}
      class="diagram-lines"
      role="img"
      aria-label={`A network of ${layout.sizes.join('-')} neurons`}
      style={{
        left: `${-BLEED.left}px`,
        top: `${-BLEED.top}px`,
        width: `${layout.width + BLEED.left + bleedRight(layout)}px`,
        height: `${layout.height + BLEED.top + BLEED.bottom}px`,
      }}
    />
  )
}
