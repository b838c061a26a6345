import type { ComponentChildren } from 'preact'
import type { Settings } from './settings.ts'
import { change, settings } from './state.ts'

export const Field = ({ label, children }: { label: string; children: ComponentChildren }) => (
  <label class="field">
    <span>{label}</span>
    {children}
  </label>
)

/** A drop-down list. */
export function Choice({
  label,
  value,
  choices,
  onChoose,
  disabled = false,
}: {
  label: string
  value: string
  choices: readonly (string | readonly [value: string, text: string])[]
  onChoose: (value: string) => void
  disabled?: boolean
}) {
  return (
    <Field label={label}>
      <select
        value={value}
        disabled={disabled}
        onChange={({ currentTarget }) => {
          onChoose(currentTarget.value)
        }}
      >
        {choices.map((choice) => {
          const [name, text] = typeof choice === 'string' ? [choice, choice] : choice
          return (
            <option key={name} value={name}>
              {text}
            </option>
          )
        })}
      </select>
    </Field>
  )
}

/** A number field. A value that is not a number or out of bounds is reported by the browser and changes nothing. */
export function Amount({
  name,
  label,
  min,
  max,
  step: by,
}: {
  name: 'learningRate' | 'batch' | 'seed' | 'l1' | 'l2' | 'dropout' | 'stop' | 'patience'
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

/** A setting that is on or off. */
export const Switch = ({ name, label }: { name: 'scaleInputs' | 'scaleTargets'; label: string }) => (
  <label class="switch">
    <input
      type="checkbox"
      checked={settings.value[name]}
      onChange={({ currentTarget }) => {
        change({ [name]: currentTarget.checked })
      }}
    />
    {label}
  </label>
)

export function Slider({
  name,
  label,
  min,
  max,
  step: by,
  unit,
}: {
  name: keyof Settings & ('samples' | 'noise' | 'test')
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
