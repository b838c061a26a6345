/** The options that may change between steps, each with its place in a checkpoint's settings. */
export const changeable = {
  learningRate: 'optimizer.learningRate',
  weightDecay: 'optimizer.weightDecay',
  clipNorm: 'optimizer.clipNorm',
  l1: 'l1',
  l2: 'l2',
  dropout: 'dropout',
} as const

/** An option that may differ from the checkpoint's when a run is resumed. */
export type ChangeableOption = keyof typeof changeable

/** Their names. */
export const changeableOptions = Object.keys(changeable) as ChangeableOption[]

/** An option that a resumed run changes. */
export interface Change {
  /** The option that was changed. */
  readonly option: ChangeableOption
  /** The values as JSON has them: a number, a list, or a schedule with its options. */
  readonly before: unknown
  /** Its value now. */
  readonly after: unknown
}
