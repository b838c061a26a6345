import { Network, Scaling } from '../src/index.ts'
import { data, kind, progress } from './state.ts'

function download(name: string, content: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  // The browser has taken the address by then.
  setTimeout(() => {
    URL.revokeObjectURL(link.href)
  }, 1000)
}

/**
 * The network as it is shown, as the file that the library and the command line read. It takes and gives the data's own
 * units: the scaling of the inputs goes with it, that of a quantity is put into the linear output layer.
 */
function saveModel(): void {
  if (!progress.value || !data.value) return
  const { sizes, activations, weights, biases } = progress.value.network
  const { shown, scaling, unit } = data.value
  const last = weights.length - 1
  const inUnits = (values: readonly Float32Array[], shift: number) =>
    unit
      ? values.with(
          last,
          values[last]!.map((value) => value * unit.deviation + shift),
        )
      : values
  const network = Network.from({
    sizes: [...sizes],
    activations: [...activations],
    weights: [...inUnits(weights, 0)],
    biases: [...inUnits(biases, unit?.mean ?? 0)],
  })
  if (!shown.picture) network.features = [...shown.features]
  if (shown.classes.length > 0) network.classes = [...shown.classes]
  if (scaling) network.scaling = new Scaling(scaling.kind, scaling.offset, scaling.scale)
  download('model.json', new Blob([JSON.stringify(network)], { type: 'application/json' }))
}

/** Regions and data as one picture. */
function savePicture(): void {
  const layers = document.querySelectorAll<HTMLCanvasElement>('[data-regions] canvas')
  const side = 900
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = side
  const context = canvas.getContext('2d')
  layers.forEach((layer) => context?.drawImage(layer, 0, 0, side, side))
  canvas.toBlob((blob) => {
    if (blob) download('regions.png', blob)
  })
}

export function Saving() {
  return (
    <div class="saving">
      <button type="button" onClick={saveModel}>
        Save the model
      </button>
      {kind() !== 'images' && (
        <button type="button" onClick={savePicture}>
          Save the picture
        </button>
      )}
    </div>
  )
}
