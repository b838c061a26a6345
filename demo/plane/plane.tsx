import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { palette, pale } from '../colours.ts'
import { paint, paintRegions } from '../drawing.ts'
import { inspectedNeuron, mapOf } from '../inspected.ts'
import { hasSeveralOutputs, MAP_SIDE } from '../protocol.ts'
import { data, progress, settings } from '../state.ts'
import { Axes } from './axes.tsx'
import { PointEditor } from './points.tsx'
import { canAdd } from './own-points.ts'
import { drawSamples, findMisclassified } from './samples.ts'
import './plane.css'

/** Whether the plane shows the test data, and the predicted class without its certainty. */
export const showsTest = signal(false)
export const isHard = signal(false)

/** The predictions over the plane, or the outputs of the neuron under the pointer, with the data on top. */
export function Plane() {
  const regions = useRef<HTMLCanvasElement>(null)
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
  useEffect(() => {
    const context = samples.current?.getContext('2d')
    if (!context || !shown) return
    const side = Math.round((samples.current?.clientWidth ?? 386) * Math.max(2, devicePixelRatio))
    if (context.canvas.width !== side) context.canvas.width = context.canvas.height = side
    context.clearRect(0, 0, side, side)
    const parts = withTest ? [shown.train, shown.test] : [shown.train]
    for (const part of parts) {
      const wrong = inspected || !current?.regions ? undefined : findMisclassified(shown, part, current.regions)
      drawSamples(context, shown, part, { isTest: part === shown.test, wrong, colours })
    }
  }, [shown, colours, withTest, current, inspected])
  const output = shown && hasSeveralOutputs(shown) ? `“${shown.outputs[shown.shownOutput]}”` : undefined
  return (
    <figure class="plane">
      <div class="square" data-regions>
        <canvas ref={regions} aria-hidden="true" />
        <canvas ref={samples} role="img" aria-label="Predictions over the plane, with the data on top" />
        {shown && canAdd() && <PointEditor shown={shown} />}
        {shown && <Axes shown={shown} />}
      </div>
      <figcaption class="plane-caption">{inspected ? inspected.text : output && `Predictions of ${output}`}</figcaption>
    </figure>
  )
}
