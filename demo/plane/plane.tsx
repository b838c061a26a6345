import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { palette, pale } from '../colours.ts'
import { paint, paintRegions } from '../drawing.ts'
import { inspectedNeuron, mapOf } from '../inspected.ts'
import { hasSeveralOutputs, MAP_SIDE, type ShownData } from '../protocol.ts'
import { data, progress, settings } from '../state.ts'
import { Axes } from './axes.tsx'
import { PointEditor } from './points.tsx'
import { canAdd } from './own-points.ts'
import { drawRings, drawSamples } from './samples.ts'
import './plane.css'

/** Whether the plane shows the test data, and the predicted class without its certainty. */
export const showsTest = signal(false)
export const isHard = signal(false)

const shownParts = ({ train, test }: ShownData, withTest: boolean) => (withTest ? [train, test] : [train])

/** The context of an empty canvas with at least two pixels for each of its size on the screen. */
function clearedContext(canvas: HTMLCanvasElement | null): CanvasRenderingContext2D | null | undefined {
  if (!canvas) return undefined
  const side = Math.round(canvas.clientWidth * Math.max(2, devicePixelRatio))
  if (canvas.width !== side) canvas.width = canvas.height = side
  const context = canvas.getContext('2d')
  context?.clearRect(0, 0, side, side)
  return context
}

/** The predictions over the plane, or the outputs of the neuron under the pointer, with the data on top. */
export function Plane() {
  const regions = useRef<HTMLCanvasElement>(null)
  const rings = useRef<HTMLCanvasElement>(null)
  const samples = useRef<HTMLCanvasElement>(null)
  const shown = data.value?.shown
  const current = progress.value
  const colours = palette()
  const inspected = inspectedNeuron.value
  const [withTest, hard] = [showsTest.value, isHard.value]
  useEffect(() => {
    if (!regions.current || !current?.regions) return
    const map = inspected && mapOf(current, inspected, settings.value.activations)
    if (map) paint(regions.current, map, MAP_SIDE, pale(colours))
    else paintRegions(regions.current, current.regions, pale(colours), hard && shown?.kind !== 'regression')
  }, [current, colours, inspected, hard])
  // Apart from the marks, which remain the same while the network learns.
  useEffect(() => {
    const context = clearedContext(rings.current)
    if (!context || !shown || !current?.regions || inspected) return
    for (const part of shownParts(shown, withTest)) drawRings(context, shown, part, current.regions, colours)
  }, [shown, colours, withTest, current, inspected])
  useEffect(() => {
    const context = clearedContext(samples.current)
    if (!context || !shown) return
    for (const part of shownParts(shown, withTest)) {
      drawSamples(context, shown, part, { isTest: part === shown.test, colours })
    }
  }, [shown, colours, withTest])
  const output = shown && hasSeveralOutputs(shown) ? `“${shown.outputs[shown.shownOutput]}”` : undefined
  return (
    <figure class="plane">
      <div class="square" data-regions>
        <canvas ref={regions} aria-hidden="true" />
        <canvas ref={rings} aria-hidden="true" />
        <canvas ref={samples} role="img" aria-label="Predictions over the plane, with the data on top" />
        {shown && canAdd() && <PointEditor shown={shown} />}
        {shown && <Axes shown={shown} />}
      </div>
      <figcaption class="plane-caption">{inspected ? inspected.text : output && `Predictions of ${output}`}</figcaption>
    </figure>
  )
}
