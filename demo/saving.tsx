import { Network } from '../src/index.ts'
import { data, progress } from './state.ts'

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

/** The network as it is shown, as the file that the library and the command line read. */
function saveModel(): void {
  if (!progress.value) return
  const { sizes, activations, weights, biases } = progress.value.network
  const network = Network.from({
    sizes: [...sizes],
    activations: [...activations],
    weights: [...weights],
    biases: [...biases],
  })
  const { features, classes } = data.value.train
  Object.assign(network, { features, classes })
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
      <button type="button" onClick={savePicture}>
        Save the picture
      </button>
    </div>
  )
}
