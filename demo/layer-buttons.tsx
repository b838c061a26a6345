import type { DiagramLayout } from './diagram-layout.ts'
import { changeLayers } from './edits.ts'
import { MAX_LAYERS, MAX_NEURONS } from './settings.ts'
import { settings } from './state.ts'

interface StepButtonProps {
  text: '+' | '−'
  label: string
  disabled: boolean
  hidden: readonly number[]
}

/** A button that changes the hidden layers to these. */
const StepButton = ({ text, label, disabled, hidden }: StepButtonProps) => (
  <button
    type="button"
    aria-label={label}
    title={`${label} (starts a new network)`}
    disabled={disabled}
    onClick={() => {
      changeLayers([...hidden])
    }}
  >
    {text}
  </button>
)

/** Buttons above each hidden layer that add or remove a neuron. */
export function LayerButtons({ layout: { columns, buttons } }: { layout: DiagramLayout }) {
  const { hidden } = settings.value
  return hidden.map((count, l) => (
    <div
      class={buttons.stacked ? 'layer-buttons stacked' : 'layer-buttons'}
      key={l}
      style={{ left: `${columns[l + 1] ?? 0}px`, '--size': `${buttons.size}px` }}
    >
      <StepButton
        text="−"
        label={`Fewer neurons in hidden layer ${l + 1}`}
        disabled={count <= 1}
        hidden={hidden.with(l, count - 1)}
      />
      <span aria-hidden="true">{count}</span>
      <StepButton
        text="+"
        label={`More neurons in hidden layer ${l + 1}`}
        disabled={count >= MAX_NEURONS}
        hidden={hidden.with(l, count + 1)}
      />
    </div>
  ))
}

/** Buttons that add or remove the last hidden layer. */
export function LayerCount() {
  const { hidden } = settings.value
  return (
    <div class="layer-count">
      <StepButton
        text="+"
        label="Add a hidden layer"
        disabled={hidden.length >= MAX_LAYERS}
        hidden={[...hidden, Math.min(hidden.at(-1) ?? 3, 8)]}
      />
      <StepButton text="−" label="Remove a hidden layer" disabled={hidden.length === 0} hidden={hidden.slice(0, -1)} />
      <span>
        {hidden.length} hidden {hidden.length === 1 ? 'layer' : 'layers'}
      </span>
    </div>
  )
}
