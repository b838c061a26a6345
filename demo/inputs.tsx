import { signal, useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { palette } from './colours.ts'
import { MAX_INPUTS } from './diagram-layout.ts'
import { paint } from './drawing.ts'
import { featureMap } from './input-map.ts'
import { inspecting, NeuronPicture } from './neuron.tsx'
import { type FeatureName, featureNames, orderFeatures, planeInputs } from './plane-inputs.ts'
import { MAP_SIDE, type ShownData } from './protocol.ts'
import { change, data, settings } from './state.ts'
import { Term } from './terms/term.tsx'
import './inputs.css'

/** The column of inputs, beside which the diagram begins its lines; undefined while it is not on the page. */
export const inputsColumn = signal<HTMLElement | undefined>(undefined)

const setColumn = (element: HTMLElement | null) => {
  inputsColumn.value = element ?? undefined
}

/** The right arrow key leads from an input to the first layer, as the left one leads back. */
function moveToNetwork(event: KeyboardEvent): void {
  if (event.key !== 'ArrowRight') return
  event.preventDefault()
  document.querySelector<HTMLElement>('[data-at="1-0"]')?.focus()
}

/** What the network gets: functions of x and y that are switched on and off, the columns of a file, or a picture. */
export function Inputs() {
  const shown = data.value?.shown
  const { problem } = settings.value
  const isPlane = problem !== 'file' && problem !== 'digits'
  return (
    <section class="part inputs" aria-labelledby="inputs-title" ref={setColumn} onKeyDown={moveToNetwork}>
      <h2 id="inputs-title">
        <Term name="features">Inputs</Term>
      </h2>
      <p class="hint">{isPlane ? 'What the network sees. Click to switch.' : 'What the network sees'}</p>
      {isPlane ? <Features /> : shown && <Columns shown={shown} />}
    </section>
  )
}

function Features() {
  const { features } = settings.value
  return (
    <div class="inputs-list" role="group" aria-label="Inputs of the network">
      {featureNames.map((name) => (
        <Feature key={name} name={name} index={features.indexOf(name)} isOnly={features.length === 1} />
      ))}
    </div>
  )
}

/** @param index its index among the inputs of the network; −1 if it is off */
function Feature({ name, index, isOnly }: { name: FeatureName; index: number; isOnly: boolean }) {
  const { label, hint } = planeInputs[name]
  const isOn = index >= 0
  const isFixed = isOn && isOnly
  const toggle = () => {
    const { features } = settings.value
    if (!isFixed)
      change({ features: orderFeatures(isOn ? features.filter((other) => other !== name) : [...features, name]) })
  }
  return (
    <button
      type="button"
      class="inputs-item"
      aria-pressed={isOn}
      aria-disabled={isFixed}
      aria-label={`Input ${label}`}
      title={isFixed ? `${hint} At least one input stays on.` : `${hint} Switching starts a new network.`}
      data-at={isOn ? `0-${index}` : undefined}
      onClick={toggle}
      {...(isOn && inspecting(0, index))}
    >
      <span>{label}</span>
      <FeaturePicture name={name} />
    </button>
  )
}

function FeaturePicture({ name }: { name: FeatureName }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useSignalEffect(() => {
    const view = data.value?.shown.view
    if (canvas.current && view) paint(canvas.current, featureMap(name, view), MAP_SIDE, palette())
  })
  return <canvas ref={canvas} aria-hidden="true" />
}

/** The inputs of a file, or the mean picture or the user's drawing. */
function Columns({ shown: { picture, inputs } }: { shown: ShownData }) {
  if (picture || inputs.length > MAX_INPUTS) {
    const text = picture ? `${picture.side} × ${picture.side} pixels` : `${inputs.length} inputs`
    return (
      <div class="inputs-list">
        <div class="inputs-box" data-at="0-0">
          {picture && <NeuronPicture layer={0} index={0} />}
          <span>{text}</span>
        </div>
      </div>
    )
  }
  return (
    <div class="inputs-list">
      {inputs.map(({ name }, i) => (
        <div
          key={name}
          class="inputs-item on"
          role="img"
          aria-label={`input ${name}`}
          title={name}
          tabIndex={-1}
          data-at={`0-${i}`}
          {...inspecting(0, i)}
        >
          <span>{name}</span>
          <NeuronPicture layer={0} index={i} />
        </div>
      ))}
    </div>
  )
}
