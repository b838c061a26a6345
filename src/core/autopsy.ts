/** What probably made a training diverge, see {@link Autopsy.cause}. */
export type DivergenceCause =
  'row' | 'weights' | 'penalty' | 'momentum' | 'inputs' | 'targets' | 'gradients' | 'learningRate'

/** A change of a training that diverged, by the names of the library's options. Most have one entry. */
export interface Fix {
  /** Samples to correct or to leave out: their numbers, counted from 1. */
  readonly rows?: readonly number[] | undefined
  /** The inputs are scaled with `standardize`. */
  readonly standardize?: true | undefined
  /** The regression targets are scaled with `standardizeTargets`. */
  readonly standardizeTargets?: true | undefined
  /** Where the rate follows a schedule, the rate that it begins with. */
  readonly learningRate?: number | undefined
  /** The largest norm of the gradients. */
  readonly clipNorm?: number | undefined
  /** The momentum of the optimizer. */
  readonly momentum?: number | undefined
  /** The factor of the L1 penalty. */
  readonly l1?: number | undefined
  /** The factor of the L2 penalty. */
  readonly l2?: number | undefined
  /** The optimizer's weight decay. */
  readonly weightDecay?: number | undefined
  /** The weights of the samples are divided by this number. */
  readonly weightDivisor?: number | undefined
}

/** A value that is far from the other values of its column. */
export interface BadValue {
  /** The number of its sample, counted from 1, in the data that were trained on; of a stream, in the order of a pass. */
  readonly row: number
  /** The name of the column; 'input 3' where it has none. */
  readonly column: string
  /** In the units of the data, before any scaling. */
  readonly value: number
  /** The range of the column's other values. */
  readonly usual: {
    /** The smallest usual value. */
    readonly low: number
    /** The largest usual value. */
    readonly high: number
  }
}

/** Mean losses of the steps before a divergence, as they were repeated on the CPU. */
export interface StepLosses {
  /** The number of the first of these steps, counted from 1. */
  readonly first: number
  /** One per step. The last one may be infinite or NaN. */
  readonly values: readonly number[]
}

/** What was found out about a training that diverged. */
export interface Autopsy {
  /**
   * The likely cause: a `row` with a value that is far from all others; large `weights` of samples; a `penalty` (l1, l2 or
   * weight decay) or a `momentum` that makes steps grow; `inputs` or regression `targets` that are not scaled; `gradients`
   * that grow from layer to layer; a high `learningRate`.
   */
  readonly cause: DivergenceCause
  /** What shows that: a clause. */
  readonly evidence: string
  /** What probably helps: a clause that says {@link fix} in words. */
  readonly hint: string
  /** The change of one setting that helps. */
  readonly fix: Fix
  /** Whether a short training on the CPU diverges without the fix and stays finite with it. */
  readonly isTried: boolean
  /** The value that brought the divergence, where the cause is a row. */
  readonly bad?: BadValue | undefined
  /** The losses of the steps before the divergence, where they are known. */
  readonly losses?: StepLosses | undefined
}
