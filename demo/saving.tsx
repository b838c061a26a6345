import { signal } from '@preact/signals'
import { type Network, toJavaScript, toOnnx, toSafetensors } from '../src/index.ts'
import { shownNetwork } from './model.ts'
import { kind } from './state.ts'

function download(name: string, content: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  // The download has started by then.
  setTimeout(() => {
    URL.revokeObjectURL(link.href)
  }, 1000)
}

/** The formats in which a model can be saved. */
const formats: Record<
  string,
  { title: string; file: string; write: (network: Network) => BlobPart | Promise<BlobPart> }
> = {
  json: { title: 'JSON for this library', file: 'model.json', write: (network) => JSON.stringify(network) },
  onnx: {
    title: 'ONNX for other tools',
    file: 'model.onnx',
    write: async (network) => (await toOnnx(network)) as Uint8Array<ArrayBuffer>,
  },
  safetensors: {
    title: 'safetensors for PyTorch',
    file: 'model.safetensors',
    write: (network) => toSafetensors(network) as Uint8Array<ArrayBuffer>,
  },
  javascript: { title: 'JavaScript for web pages', file: 'model.js', write: toJavaScript },
}
const format = signal('json')

async function saveModel(): Promise<void> {
  const network = shownNetwork()
  const chosen = formats[format.value]
  if (network && chosen) download(chosen.file, new Blob([await chosen.write(network)]))
}

/** Saves predictions and data as one picture. */
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
      <button
        type="button"
        onClick={() => {
          void saveModel()
        }}
      >
        Save the model
      </button>
      <label class="format">
        <span>as</span>
        <select
          value={format.value}
          onChange={({ currentTarget }) => {
            format.value = currentTarget.value
          }}
        >
          {Object.entries(formats).map(([name, { title }]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {kind() !== 'images' && (
        <button type="button" onClick={savePicture}>
          Save the picture
        </button>
      )}
    </div>
  )
}
