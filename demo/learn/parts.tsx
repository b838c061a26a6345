import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { NumberInput } from '../number-input.tsx'
import { Tex } from './tex.tsx'

/** A label and its control, to which `control` gives the id that connects them. */
export function LessonField({ label, size, control }: LessonFieldProps) {
  const id = useId()
  return (
    <div class={size ? `field ${size}` : 'field'}>
      <label for={id}>{label}</label>
      {control(id)}
    </div>
  )
}

interface LessonFieldProps {
  label: string
  size?: 'small' | 'grows'
  control: (id: string) => ComponentChildren
}

/** A field for a number. The browser reports an invalid value, which changes nothing. */
export function NumberField({ label, change, ...limits }: NumberFieldProps) {
  return (
    <LessonField
      label={label}
      size="small"
      control={(id) => (
        <NumberInput
          id={id}
          {...limits}
          onEnter={(field) => {
            if (field.reportValidity() && field.value !== '') change(field.valueAsNumber)
          }}
        />
      )}
    />
  )
}

interface NumberFieldProps {
  label: string
  value: number
  min: number
  max: number
  step: number | 'any'
  change: (value: number) => void
}

/** The field for the learning rate η. */
export const Rate = ({ value, change }: { value: number; change: (value: number) => void }) => (
  <NumberField label="Learning rate η" value={value} min={0.001} max={10} step="any" change={change} />
)

/** A list of choices, which are numbered from 0. */
export function NumberedList({ label, size, names, chosen, choose }: NumberedListProps) {
  return (
    <LessonField
      label={label}
      {...(size && { size })}
      control={(id) => (
        <select
          id={id}
          value={chosen}
          onChange={({ currentTarget }) => {
            choose(Number(currentTarget.value))
          }}
        >
          {names.map((name, i) => (
            <option key={name} value={i}>
              {name}
            </option>
          ))}
        </select>
      )}
    />
  )
}

interface NumberedListProps {
  label: string
  size?: 'grows'
  names: readonly string[]
  chosen: number
  choose: (index: number) => void
}

/** A step of a calculation with its explanation, formulas, and further content. */
export interface ExplainedStep {
  title: string
  why: ComponentChildren
  tex: readonly string[]
  content?: ComponentChildren
}

export function Steps({ steps }: { steps: readonly ExplainedStep[] }) {
  return (
    <ol class="steps">
      {steps.map(({ title, why, tex, content }) => (
        <li key={title}>
          <h3>{title}</h3>
          <p>{why}</p>
          {tex.map((formula, i) => (
            <Tex key={i} tex={formula} label={`${title}, formula`} />
          ))}
          {content}
        </li>
      ))}
    </ol>
  )
}

/** Chooses a sample by its number. */
export function Chooser({ names, chosen, choose, label }: ChooserProps) {
  const move = (by: number) => {
    choose((chosen + names.length + by) % names.length)
  }
  return (
    <div class="row" role="group" aria-label={label}>
      <button
        type="button"
        onClick={() => {
          move(-1)
        }}
      >
        Previous
      </button>
      <NumberedList label="Sample" size="grows" names={names} chosen={chosen} choose={choose} />
      <button
        type="button"
        onClick={() => {
          move(1)
        }}
      >
        Next
      </button>
    </div>
  )
}

interface ChooserProps {
  names: readonly string[]
  chosen: number
  choose: (index: number) => void
  label: string
}

/** Buttons for every stage, and for the previous and the next one. */
export function Stepper({ names, stage, go, finish }: StepperProps) {
  const last = names.length - 1
  return (
    <div class="stepper">
      <button
        type="button"
        disabled={stage === 0}
        onClick={() => {
          go(stage - 1)
        }}
      >
        Back
      </button>
      <ol aria-label="Stages">
        {names.map((name, i) => (
          <li key={name}>
            <button
              type="button"
              class={i < stage ? 'done' : undefined}
              aria-label={`Stage ${i + 1}: ${name}`}
              aria-current={i === stage ? 'step' : undefined}
              title={name}
              onClick={() => {
                go(i)
              }}
            >
              {i + 1}
            </button>
          </li>
        ))}
      </ol>
      <button
        type="button"
        class="main"
        onClick={() => {
          if (stage === last) finish.act()
          else go(stage + 1)
        }}
      >
        {stage === last ? finish.text : 'Next'}
      </button>
    </div>
  )
}

interface StepperProps {
  names: readonly string[]
  stage: number
  go: (stage: number) => void
  /** What the button does after the last stage. */
  finish: { text: string; act: () => void }
}

/** A message, and a button that does what it proposes. */
export function Suggestion({ children, text, act }: { children: ComponentChildren; text: string; act: () => void }) {
  return (
    <div class="learn-suggestion" role="status">
      <p>{children}</p>
      <button type="button" onClick={act}>
        {text}
      </button>
    </div>
  )
}
