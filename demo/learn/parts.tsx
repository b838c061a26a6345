import { Inline, Tex } from './tex.tsx'

/** The field for the learning rate η. The browser reports an invalid value, which changes nothing. */
export function Rate({ value, change }: { value: number; change: (value: number) => void }) {
  return (
    <label class="field small">
      <span>
        Learning rate <Inline tex="\eta" />
      </span>
      <input
        type="number"
        value={value}
        min={0.001}
        max={10}
        step="any"
        onChange={({ currentTarget }) => {
          if (currentTarget.reportValidity() && currentTarget.value !== '') change(currentTarget.valueAsNumber)
        }}
      />
    </label>
  )
}

/** A step of a calculation with its explanation and formulas. */
export interface ExplainedStep {
  title: string
  why: string
  tex: readonly string[]
}

export function Steps({ steps }: { steps: readonly ExplainedStep[] }) {
  return (
    <ol class="steps">
      {steps.map(({ title, why, tex }) => (
        <li key={title}>
          <h3>{title}</h3>
          <p>{why}</p>
          {tex.map((formula, i) => (
            <Tex key={i} tex={formula} label={`${title}, formula`} />
          ))}
        </li>
      ))}
    </ol>
  )
}
