import type { ComponentChildren } from 'preact'
import { activationNames, initializerNames, lossNames, optimizerNames } from '../src/index.ts'
import { problems } from './problems.ts'
import { problemNames, type Settings } from './settings.ts'
import { change, changeActivation, pause, play, playing, progress, restart, rewind, settings, step } from './state.ts'

interface FieldProps {
  label: string
  children: ComponentChildren
}

const Field = ({ label, children }: FieldProps) => (
  <label class="field">
    <span>{label}</span>
    {children}
  </label>
)

function Choice<K extends keyof Settings>({
  name,
  label,
  choices,
}: {
  name: K
  label: string
  choices: readonly (Settings[K] & string)[]
}) {
  return (
    <Field label={label}>
      <select
        value={settings.value[name] as string}
        onChange={({ currentTarget }) => {
          change({ [name]: currentTarget.value })
        }}
      >
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    </Field>
  )
}

/** A number that is taken when it is one and within bounds; else the field says so and the run goes on. */
function Amount({
  name,
  label,
  min,
  max,
  step: by,
}: {
  name: 'learningRate' | 'batch' | 'seed' | 'l1' | 'l2'
  label: string
  min: number
  max: number
  step: number | 'any'
}) {
  return (
    <Field label={label}>
      <input
        type="number"
        value={settings.value[name]}
        min={min}
        max={max}
        step={by}
        onChange={({ currentTarget }) => {
          if (currentTarget.reportValidity() && currentTarget.value !== '')
            change({ [name]: currentTarget.valueAsNumber })
        }}
      />
    </Field>
  )
}

function Slider({
  name,
  label,
  min,
  max,
  step: by,
  unit,
}: {
  name: 'samples' | 'noise' | 'test'
  label: string
  min: number
  max: number
  step: number
  unit: (value: number) => string
}) {
  const value = settings.value[name]
  return (
    <Field label={`${label}: ${unit(value)}`}>
      <input
        type="range"
        value={value}
        min={min}
        max={max}
        step={by}
        onChange={({ currentTarget }) => {
          change({ [name]: currentTarget.valueAsNumber })
        }}
      />
    </Field>
  )
}

const speeds: readonly [value: number, text: string][] = [
  [2, '2 epochs a second'],
  [10, '10 epochs a second'],
  [60, '60 epochs a second'],
  [300, '300 epochs a second'],
  [0, 'as fast as it can'],
]

export function Transport() {
  const { moment = 0, moments = 1, epoch = 0, step: steps = 0 } = progress.value ?? {}
  return (
    <section class="transport" aria-label="Training">
      <button
        type="button"
        onClick={() => {
          restart(false)
        }}
      >
        Reset
      </button>
      {playing.value ? (
        <button type="button" class="main" onClick={pause}>
          Pause
        </button>
      ) : (
        <button type="button" class="main" onClick={play}>
          Play
        </button>
      )}
      <button
        type="button"
        title="Train on one minibatch"
        onClick={() => {
          step('minibatch')
        }}
      >
        One step
      </button>
      <button
        type="button"
        title="Train once on all of the data"
        onClick={() => {
          step('epoch')
        }}
      >
        One epoch
      </button>
      <label class="rewind">
        <span>Rewind</span>
        <input
          type="range"
          min={0}
          max={moments - 1}
          value={moment}
          onInput={({ currentTarget }) => {
            rewind(currentTarget.valueAsNumber)
          }}
        />
      </label>
      <label class="speed">
        <span>Speed</span>
        <select
          value={settings.value.speed}
          onChange={({ currentTarget }) => {
            change({ speed: Number(currentTarget.value) })
          }}
        >
          {speeds.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <output class="count">
        <b>{epoch.toLocaleString('en')}</b> epochs
      </output>
      <output class="count">
        <b>{steps.toLocaleString('en')}</b> steps
      </output>
    </section>
  )
}

export function DataControls() {
  const { problem } = settings.value
  return (
    <section class="panel" aria-labelledby="data-title">
      <h2 id="data-title">Data</h2>
      <div class="problems" role="group" aria-label="Which data">
        {problemNames.map((name) => (
          <button
            type="button"
            key={name}
            aria-pressed={problem === name}
            onClick={() => {
              change({ problem: name })
            }}
          >
            {problems[name].title}
          </button>
        ))}
      </div>
      <p class="hint">{problems[problem].hint}</p>
      <Slider name="samples" label="Points" min={50} max={2000} step={50} unit={(v) => v.toLocaleString('en')} />
      <Slider name="noise" label="Noise" min={0} max={100} step={5} unit={(v) => `${v} %`} />
      <Slider
        name="test"
        label="Held out for testing"
        min={0}
        max={0.8}
        step={0.1}
        unit={(v) => `${Math.round(100 * v)} %`}
      />
    </section>
  )
}

export function NetworkControls() {
  const { activations, hidden } = settings.value
  return (
    <section class="panel settings" aria-labelledby="settings-title">
      <h2 id="settings-title">Training</h2>
      {activations.map((activation, l) => (
        <Field key={l} label={l === hidden.length ? 'Output activation' : `Activation, layer ${l + 1}`}>
          <select
            value={activation}
            onChange={({ currentTarget }) => {
              changeActivation(l, currentTarget.value)
            }}
          >
            {activationNames
              .filter((name) => name !== 'softmax' || l === hidden.length)
              .map((name) => (
                <option key={name}>{name}</option>
              ))}
          </select>
        </Field>
      ))}
      <Choice name="loss" label="Loss" choices={lossNames} />
      <Choice name="optimizer" label="Optimizer" choices={optimizerNames} />
      <Amount name="learningRate" label="Learning rate" min={0.000001} max={100} step="any" />
      <Amount name="batch" label="Batch size" min={1} max={5000} step={1} />
      <Amount name="l1" label="l1" min={0} max={1} step="any" />
      <Amount name="l2" label="l2" min={0} max={1} step="any" />
      <Choice name="init" label="Initial weights" choices={initializerNames} />
      <Amount name="seed" label="Seed" min={0} max={4294967295} step={1} />
    </section>
  )
}
