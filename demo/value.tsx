import type { ComponentChildren } from 'preact'

/** The numbers of the page that tests and scripts can read. */
export type ValueName =
  | 'epoch'
  | 'step'
  | 'epochs-per-second'
  | 'samples-per-second'
  | 'training-score'
  | 'test-score'
  | 'best-score'
  | 'loss'
  | 'backend'

/**
 * A number as text, with the number itself in an attribute: `data-value` is its name, `data-number` the number, or the name
 * of the backend. Without a number yet, `data-number` is empty.
 */
export const Value = ({
  name,
  number,
  children,
}: {
  name: ValueName
  number: number | string | undefined
  children: ComponentChildren
}) => (
  <span data-value={name} data-number={number ?? ''}>
    {children}
  </span>
)
