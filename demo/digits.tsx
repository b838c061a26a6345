import { useEffect, useRef } from 'preact/hooks'
import { palette } from './colours.ts'
import { paintPicture } from './drawing.ts'
import { DrawingPad } from './drawing-pad.tsx'
import { inspectedNeuron } from './inspected.ts'
import { weightMap } from './neuron.tsx'
import { PictureWall } from './picture-wall.tsx'
import { data, progress } from './state.ts'
import './digits.css'

/** For pictures, in the place of the plane: a digit to draw, the answer, and pictures of the data. */
export function DigitsOutput() {
  return (
    <div class="digits">
      <DrawingPad />
      <PictureWall />
      <NeuronWeights />
    </div>
  )
}

/** The weights of the inspected neuron of the first layer, as a picture. */
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
  return (
    <figure class="plane neuron-weights">
      <figcaption>
        Weights of neuron {inspected.index + 1}: ink raises its value where the picture has the colour of ink, and
        lowers it elsewhere
      </figcaption>
      <canvas ref={canvas} role="img" aria-label={inspected.text} />
    </figure>
  )
}
