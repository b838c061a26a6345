/** How advice calls what helps: the library's functions by default; the command line and the page give the names of their options. */
export interface Remedies {
  /** How to scale the inputs. */
  readonly inputs: string
  /** How to scale the targets. */
  readonly targets: string
  /** How to choose another activation of the last layer. */
  readonly output: string
  /** How to limit the norm of the gradients. */
  readonly clipping: string
  /** Of these, the value to take comes after the text. */
  readonly learningRate: string
  /** How to change the momentum. */
  readonly momentum: string
  /** How to change the L1 penalty. */
  readonly l1: string
  /** How to change the L2 penalty. */
  readonly l2: string
  /** How to change the weight decay. */
  readonly weightDecay: string
  /** How to change the weights of samples or classes. */
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
