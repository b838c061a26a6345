import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'
import { NumberInput } from './number-input.tsx'
import type { Settings } from './settings.ts'
import { change, restartsRun, settings } from './state.ts'
import { explainChoiceOf } from './terms/choices.ts'
import { Term } from './terms/term.tsx'
import type { TermName } from './terms/terms.ts'

interface FieldProps {
  label: string
  /** The term that the label is, which is explained with the current `choice`. */
  term?: TermName | undefined
  choice?: string
  /** The value in words, which follows the label. */
  value?: string
  /** The setting that the control changes; the label marks those that start a new run. */
  setting?: keyof Settings | undefined
  control: (id: string) => ComponentChildren
}

/** A label and its control, to which `control` gives the id that connects them. */
export function Field({ label, term, choice, value, setting, control }: FieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>
        {term ? (
          <Term name={term} choice={choice}>
            {label}
          </Term>
        ) : (
          label
        )}
        {value !== undefined && `: ${value}`}
        {setting && restartsRun(setting) && (
          <span class="restarts" title="A change starts a new run." aria-hidden="true">
            ↺
          </span>
        )}
      </label>
      {control(id)}
    </div>
  )
}

/** A drop-down list. */
export function Choice({
  label,
  value,
  choices,
  onChoose,
  disabled = false,
  term,
  setting,
}: {
  label: string
  term?: TermName
  setting?: keyof Settings
  value: string
  choices: readonly (string | readonly [value: string, text: string])[]
  onChoose: (value: string) => void
  disabled?: boolean
}) {
  return (
    <Field
      label={label}
      term={term}
      choice={value}
      setting={setting}
      control={(id) => (
        <select
          id={id}
          value={value}
          disabled={disabled}
          onChange={({ currentTarget }) => {
            onChoose(currentTarget.value)
          }}
        >
          {choices.map((choice) => {
            const [name, text] = typeof choice === 'string' ? [choice, choice] : choice
            return (
              <option key={name} value={name} title={term && explainChoiceOf(term, name)?.sentence}>
                {text}
              </option>
            )
          })}
        </select>
      )}
    />
  )
}

/**
 * A number field. A value that is not a number or out of bounds changes nothing: the field returns to the value that is
 * used, and says which values are possible until the next change.
 */
export function Amount({
  name,
  label,
  min,
  max,
  step: by,
}: {
  name: 'learningRate' | 'batch' | 'seed' | 'dataSeed' | 'l1' | 'l2' | 'dropout' | 'stop' | 'patience'
  label: string
  min: number
  max: number
  step: number | 'any'
}) {
  const [problem, setProblem] = useState('')
  const value = settings.value[name] ?? settings.value.seed
  return (
    <Field
      label={label}
      term={name}
      setting={name}
      control={(id) => (
        <>
          <NumberInput
            id={id}
            value={value}
            min={min}
            max={max}
            step={by}
            aria-describedby={problem ? `problem-${name}` : undefined}
            onEnter={(field) => {
              const { validity, valueAsNumber } = field
              const isValid = validity.valid && Number.isFinite(valueAsNumber)
              const whole = by === 1 ? 'a whole number' : 'a number'
              setProblem(
                isValid ? '' : `Enter ${whole} from ${min} to ${max.toLocaleString('en')}. ${value} is still used.`,
              )
              if (isValid) change({ [name]: valueAsNumber })
              else field.value = String(value)
            }}
          />
          {problem && (
            <span class="field-problem" id={`problem-${name}`} role="status">
              {problem}
            </span>
          )}
        </>
      )}
    />
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
    <Term name={name}>{label}</Term>
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
  // While the user drags, the label shows the value of the slider, which is applied when the user releases it.
  const [dragged, setDragged] = useState<number>()
  const value = settings.value[name]
  return (
    <Field
      label={label}
      term={name}
      setting={name}
      value={unit(dragged ?? value)}
      control={(id) => (
        <input
          id={id}
          type="range"
          value={value}
          min={min}
          max={max}
          step={by}
          aria-label={label}
          aria-valuetext={unit(dragged ?? value)}
          onInput={({ currentTarget }) => {
            setDragged(currentTarget.valueAsNumber)
          }}
          onChange={({ currentTarget }) => {
            setDragged(undefined)
            change({ [name]: currentTarget.valueAsNumber })
          }}
        />
      )}
    />
  )
}
