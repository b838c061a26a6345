import { computed } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { NumberInput } from './number-input.tsx'
import { formatNumber } from './numbers.ts'
import { edited, type Inspected, inspected, nameOf } from './inspected.ts'
import { lit } from './lit.ts'
import { planeInputs } from './plane-inputs.ts'
import type { Parameters } from './protocol.ts'
import { data, editParameter, progress, settings } from './state.ts'

/** The largest number of weights to list, and how many are listed if there are more. */
const MAX_LISTED = 6
const MAX_LARGEST = 3
/** The largest number of weights of a neuron among which one is chosen in a list. */
const MAX_CHOICES = 40
/** The ends of the slider; the number field takes any value. */
const SLIDER = 6

/** The network of the latest report, unless that is still the old network after a change of layers. */
const network = computed(() => {
  const latest = progress.value?.network
  return latest?.sizes.join() === data.value?.description.sizes.join() ? latest : undefined
})

/** A weight or a bias; undefined if the network has none there. */
function valueOf({ weights, biases, sizes }: Parameters, { layer, index, from }: Inspected): number | undefined {
  if (layer === 0) return undefined
  return from === undefined ? biases[layer - 1]?.[index] : weights[layer - 1]?.[index * sizes[layer - 1]! + from]
}

const capitalize = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`
/** The name of a neuron before another one, in few letters. */
const shortName = (layer: number, index: number) =>
  layer === 0 ? nameOf(0, index).replace('input ', '') : `neuron ${index + 1}`

/** Live values of what is inspected, in a fixed place below the diagram; fields, while the user edits a value. */
export function Card() {
  const at = inspected.value
  const editing = edited.value
  return (
    <div class="diagram-card" id="diagram-card" data-testid="diagram-card">
      {editing ? <Editor at={editing} /> : at ? <Description at={at} /> : <Hint />}
    </div>
  )
}

const Hint = () => (
  <p class="hint">
    {data.value?.shown.picture
      ? 'Where a picture has the colour of ink, ink raises the value of the neuron; where it has the colour of paper, ink lowers it. '
      : ''}
    Point at a neuron or a line to see its values. Click it to change them.
  </p>
)

function Description({ at }: { at: Inspected }) {
  const current = network.value
  if (at.layer === 0) return <InputDescription index={at.index} />
  const value = current && valueOf(current, at)
  if (!current || value === undefined) return <b>{capitalize(nameOf(at.layer, at.index))}</b>
  if (at.from !== undefined) return <WeightDescription at={at} from={at.from} value={value} />
  const drawn = lit.value?.[at.layer - 1]?.[at.index]
  return (
    <>
      <p>
        <b>{capitalize(nameOf(at.layer, at.index))}</b> · {settings.value.activations[at.layer - 1]}
        {drawn !== undefined && ` · ${Math.round(100 * drawn)} % for your drawing`}
      </p>
      <p>
        bias <b data-testid="diagram-bias">{formatNumber(value)}</b>, which the neuron adds to its weighted inputs
      </p>
      <Weights network={current} at={at} />
    </>
  )
}

/** The weights of a neuron; of many, the largest. */
function Weights({ network: { weights, sizes }, at: { layer, index } }: { network: Parameters; at: Inspected }) {
  const inputs = sizes[layer - 1]!
  if (inputs > MAX_CHOICES)
    return (
      <p>
        {inputs} weights, one for each {data.value?.shown.picture && layer === 1 ? 'pixel' : 'input'}
      </p>
    )
  const row = Array.from(weights[layer - 1]!.subarray(index * inputs, (index + 1) * inputs), (weight, from) => ({
    weight,
    from,
  }))
  const listed =
    inputs <= MAX_LISTED ? row : row.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, MAX_LARGEST)
  return (
    <p class="diagram-weights">
      {inputs <= MAX_LISTED ? 'weights:' : `largest of ${inputs} weights:`}
      {listed.map(({ weight, from }) => (
        <span key={from}>
          {shortName(layer - 1, from)} <b>{formatNumber(weight)}</b>
        </span>
      ))}
    </p>
  )
}

function WeightDescription({ at: { layer, index }, from, value }: { at: Inspected; from: number; value: number }) {
  const [source, target] = [nameOf(layer - 1, from), nameOf(layer, index)]
  return (
    <>
      <p>
        <b>Weight</b> from {source} to {target}
      </p>
      <p>
        <b data-testid="diagram-weight">{formatNumber(value)}</b>: where {source} is larger, {target} is{' '}
        {value < 0 ? 'smaller' : 'larger'}
      </p>
    </>
  )
}

function InputDescription({ index }: { index: number }) {
  const shown = data.value?.shown
  const input = shown?.inputs[index]
  if (!input) return <b>{shown?.picture ? 'The pixels of a picture' : 'Inputs'}</b>
  return (
    <>
      <p>
        <b>{capitalize(nameOf(0, index))}</b>
      </p>
      <p>{input.feature ? planeInputs[input.feature].hint : `mean ${formatNumber(input.mean)} in the training data`}</p>
    </>
  )
}

/** Fields for a bias or a weight: which one, its number, and a slider. The network continues from the new value. */
function Editor({ at }: { at: Inspected }) {
  const number = useRef<HTMLInputElement>(null)
  const [entered, setEntered] = useState<number>()
  const current = network.value
  const value = current && valueOf(current, at)
  const { layer, index, from } = at
  useEffect(() => {
    setEntered(undefined)
    // On a phone, the focus would open the keyboard.
    if (!matchMedia('(pointer: coarse)').matches) number.current?.select()
  }, [layer, index, from])
  if (!current || value === undefined) return null
  const close = () => {
    edited.value = undefined
    document.querySelector<HTMLElement>(`[data-at="${layer}-${index}"]`)?.focus()
  }
  const set = (next: number) => {
    if (!Number.isFinite(next)) return
    setEntered(next)
    editParameter({ layer, index, from, value: next })
  }
  const label = from === undefined ? 'Bias' : `Weight from ${nameOf(layer - 1, from)}`
  const shown = entered ?? value
  return (
    <div
      class="diagram-editor"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close()
      }}
    >
      <b>{capitalize(nameOf(layer, index))}</b>
      <ParameterChoice network={current} at={at} />
      <NumberInput
        ref={number}
        step="any"
        aria-label={label}
        value={Number(shown.toPrecision(3))}
        onEnter={(field) => {
          if (field.value !== '') set(field.valueAsNumber)
        }}
        onLeave={() => {
          setEntered(undefined)
        }}
      />
      <input
        type="range"
        min={-SLIDER}
        max={SLIDER}
        step={0.05}
        aria-label={`${label}, slider`}
        value={shown}
        onInput={({ currentTarget }) => {
          set(currentTarget.valueAsNumber)
        }}
        onChange={() => {
          setEntered(undefined)
        }}
      />
      <button type="button" onClick={close}>
        Done
      </button>
    </div>
  )
}

/** Chooses the bias or one of the weights of a neuron. */
function ParameterChoice({ network: { sizes }, at: { layer, index, from } }: { network: Parameters; at: Inspected }) {
  const inputs = sizes[layer - 1]!
  return (
    <select
      aria-label="Value to change"
      value={from ?? 'bias'}
      onChange={({ currentTarget }) => {
        const chosen = currentTarget.value
        edited.value = { layer, index, ...(chosen !== 'bias' && { from: Number(chosen) }) }
      }}
    >
      <option value="bias">bias</option>
      {inputs <= MAX_CHOICES &&
        Array.from({ length: inputs }, (_, i) => (
          <option key={i} value={i}>
            weight from {shortName(layer - 1, i)}
          </option>
        ))}
    </select>
  )
}
