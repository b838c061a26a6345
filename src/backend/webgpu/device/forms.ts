/**
 * Forms of kernels and of data that a network can do without, with what takes the place of each. An adapter on which the
 * self-test finds one of them wrong is used without it (backend/self-test/).
 */
export const optionalForms = {
  bytes: 'inputs are kept as float32',
  sorted: 'rows are read in the order of the epoch',
  quads: 'each invocation reads whole packs',
  slices: 'one invocation computes a whole sum',
  few: 'sums of few terms are computed as longer ones',
  passOn: 'a separate kernel computes the δ below the output layer',
  output: 'separate kernels compute outputs and δ of the output layer',
  sharedRows: 'one invocation computes a whole row of the output layer',
  blocks: 'each invocation reads the values that it multiplies from buffers',
  lanes: 'one invocation trains a small network',
  straight: 'small networks are trained in loops',
  loop: 'small networks are trained by the layered plan',
} as const

export type OptionalForm = keyof typeof optionalForms
