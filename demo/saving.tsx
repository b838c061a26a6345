import { signal } from '@preact/signals'
import { type Network, toJavaScript, toOnnx, toSafetensors } from '../src/index.ts'
import { shownNetwork } from './model.ts'
import { initialFeatures } from './plane-inputs.ts'
import { data, kind, settings } from './state.ts'
import { isStored } from './state/kept.ts'
import { download } from './share/download.ts'
import { SaveFilm, SavePicture } from './share/save-run.tsx'
import './share/share.css'

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

/** The columns that a model expects whose inputs are more than x and y. */
function ExpectedColumns() {
  const { features, problem } = settings.value
  const names = data.value?.description.features
  if (kind() === 'images' || problem === 'file' || features.join() === initialFeatures.join()) return null
  return <p class="hint">A saved model expects these columns, computed from x and y: {names?.join(', ')}.</p>
}

/** Where a reload or a closed tab loses the training. */
function NotStored() {
  if (isStored.value !== false) return null
  return <p class="hint">This browser does not keep the training when the tab closes. Save the model to keep it.</p>
}

/** Saves the trained model, a picture of the page, and a film of the run. */
export function Saving() {
  return (
    <div class="share-saving">
      <SaveModel />
      <NotStored />
      <ExpectedColumns />
      <SavePicture />
      <SaveFilm />
    </div>
  )
}

function SaveModel() {
  return (
    <p>
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
    </p>
  )
}
