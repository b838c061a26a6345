/** How advice calls what helps: the library's functions by default; the command line and the page give the names of their options. */
export interface Remedies {
  readonly inputs: string
  readonly targets: string
  readonly output: string
  readonly clipping: string
  /** Of these, the value to take comes after the text. */
  readonly learningRate: string
  readonly momentum: string
  readonly l1: string
  readonly l2: string
  readonly weightDecay: string
  readonly weights: string
  /** How a sample is called that has a wrong value. Default: 'sample 17 (counted from 1)'. */
  readonly row?: string | undefined
  /** What helps for rows. Default: their numbers, to correct them or to leave them out. */
  readonly rows?: string | undefined
}

export const libraryRemedies: Remedies = {
  inputs: 'take scale(train, standardize(train))',
  targets: 'take scaleTargets(train, standardizeTargets(train)); the network predicts in their own units',
  output: "for regression use a linear output, such as Network.create({ sizes, hidden: 'tanh', output: 'linear' }) with loss: 'meanSquaredError'", // prettier-ignore
  clipping: 'clip the gradients (clipNorm: 1)',
  learningRate: 'lower the learning rate to',
  momentum: 'lower the momentum to',
  l1: 'lower l1 to',
  l2: 'lower l2 to',
  weightDecay: 'lower weightDecay to',
  weights: 'divide the weights of the samples by',
}
