import type { ComponentProps } from 'preact'
import { useState } from 'preact/hooks'

type Native = Pick<
  ComponentProps<'input'>,
  'id' | 'ref' | 'min' | 'max' | 'step' | 'required' | 'placeholder' | 'aria-label' | 'aria-describedby'
>

/**
 * A native number field that keeps what the user types until it is entered or left. Without this, each rendering of a
 * running training would replace a half-typed number by the current one.
 *
 * @param value What the field shows while nobody types in it.
 * @param onEnter Receives the field when the user presses Enter, leaves the field or uses its arrows. The field shows
 *   `value` again afterwards; an invalid text stays until the user leaves the field, unless `onEnter` replaces it.
 */
export function NumberInput({ value, onEnter, onLeave, ...native }: NumberInputProps) {
  const [typed, setTyped] = useState<string>()
  return (
    <input
      {...native}
      type="number"
      value={typed ?? String(value)}
      onInput={({ currentTarget }) => {
        setTyped(currentTarget.value)
      }}
      onChange={({ currentTarget }) => {
        onEnter(currentTarget)
        setTyped(currentTarget.validity.valid ? undefined : currentTarget.value)
      }}
      onBlur={() => {
        setTyped(undefined)
        onLeave?.()
      }}
    />
  )
}

interface NumberInputProps extends Native {
  value: number | string
  onEnter: (field: HTMLInputElement) => void
  onLeave?: () => void
}
