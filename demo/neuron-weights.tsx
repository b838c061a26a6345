import { useEffect, useRef } from 'preact/hooks'
import { palette } from './colours.ts'
import { paintPicture } from './drawing.ts'
import { inspectedNeuron } from './inspected.ts'
import { weightMap } from './neuron.tsx'
import { data, progress } from './state.ts'

/** The weights of the inspected neuron of the first layer as a large picture, in the place of the drawing. */
export function NeuronWeights() {
  const canvas = useRef<HTMLCanvasElement>(null)
  const current = progress.value
  const inspected = inspectedNeuron.value
  const colours = palette()
  const side = data.value?.shown.picture?.side
  const isFirst = inspected?.layer === 1 && side !== undefined
  useEffect(() => {
    const map = isFirst && current && weightMap(current, inspected.index)
    if (canvas.current && map) paintPicture(canvas.current, map, side, colours)
  }, [current, inspected, colours])
  if (!isFirst) return null
  return <canvas class="neuron-weights" ref={canvas} role="img" aria-label={inspected.text} />
}
