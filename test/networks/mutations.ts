import type { Case } from './cases.ts'

/** A small training run with default options. */
export const plain: Case = {
  sizes: [5, 6, 3],
  hidden: ['tanh'],
  output: 'sigmoid',
  loss: 'quadratic',
  init: 'glorotUniform',
  optimizer: 'sgd',
  momentum: 0,
  nesterov: false,
  centered: false,
  weightDecay: 0,
  clipNorm: 0,
  rate: 0.03,
  schedule: 'none',
  l1: 0,
  l2: 0,
  dropout: [0],
  batchSize: 6,
  samples: 10,
  epochs: 2,
  weights: 'none',
  inputs: 'normal',
  targets: 'values',
  shuffle: true,
  validation: false,
  windows: false,
  profile: false,
  call: 'fit',
  resident: 'none',
  seed: 3,
}

export interface Mutation {
  /** A part of a kernel's text, and what replaces it. */
  readonly from: string
  readonly to: string
  readonly options?: Partial<Case>
}

/** Kernels with a relative error of at most 0.001, each with a case that runs it. */
export const mutations: Record<string, Mutation> = {
  'the gradient': { from: 'share = 1.0 /', to: 'share = 1.0003 /' },
  'δ passed on': { from: 'var delta = sums *', to: 'var delta = 1.001 * sums *' },
  'δ of a hidden layer': {
    from: 'var delta = sums *',
    to: 'var delta = 1.001 * sums *',
    options: { sizes: [2, 3, 66], output: 'linear' },
  },
  'the scale of dropout': {
    from: 'a *= DROP_SCALE',
    to: 'a *= 1.001 * DROP_SCALE',
    options: { dropout: [0.5] },
  },
  'the penalty': { from: 'l2() * (2.0', to: 'l2() * (2.002', options: { l2: 0.05 } },
  clipping: { from: 'CLIP_NORM / (', to: '1.001 * CLIP_NORM / (', options: { clipNorm: 0.01 } },
  'the weights of samples': {
    from: 'delta *= weight',
    to: 'delta *= 1.001 * weight',
    options: { weights: 'samples' },
  },
  bytes: { from: '/ 255.0', to: '/ 255.1', options: { inputs: 'bytes' } },
  "adam's step": { from: 'keep2() * old.slot1 +', to: '0.999 * keep2() * old.slot1 +', options: { optimizer: 'adam' } },
  'straight-line code': {
    from: 'let share = 1.0 / f32(rows)',
    to: 'let share = 1.0003 / f32(rows)',
    options: { sizes: [3, 2], hidden: [], dropout: [], resident: 'straight' },
  },
}
