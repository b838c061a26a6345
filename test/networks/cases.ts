import fc from 'fast-check'
import { residentBytes } from '../../src/backend/webgpu/plans/resident/loop.ts'
import { deviceLayers, packsOf } from '../../src/backend/webgpu/kernels/packs.ts'
import { FEWEST_LANES, type ResidentForm } from '../../src/backend/webgpu/plans/choice.ts'
import { Dataset } from '../../src/data/dataset.ts'
import { Matrix } from '../../src/core/matrix.ts'
import { type ActivationName } from '../../src/model/activation.ts'
import { type InitializerName, initializerNames } from '../../src/model/initializer.ts'
import { Network } from '../../src/model/network.ts'
import { Random } from '../../src/core/random.ts'
import type { LossName } from '../../src/loss/loss.ts'
import { optimizerNames } from '../../src/optimizer/optimizer.ts'
import { hiddenNames, lossPairs } from '../backends.ts'

/** A training run of random sizes and options; plain values, so that a failure can be shown and repeated. */
export interface Case {
  readonly sizes: readonly number[]
  readonly hidden: readonly ActivationName[]
  readonly output: ActivationName
  readonly loss: LossName
  readonly init: InitializerName
  readonly optimizer: (typeof optimizerNames)[number]
  /** The options that are specific to the optimizer. */
  readonly momentum: number
  readonly nesterov: boolean
  readonly centered: boolean
  readonly weightDecay: number
  readonly clipNorm: number
  readonly rate: number
  readonly schedule: 'none' | 'constant' | 'step' | 'exponential' | 'cosine' | 'warmup' | 'reduceOnPlateau'
  readonly l1: number
  readonly l2: number
  /** One share per hidden layer. */
  readonly dropout: readonly number[]
  readonly batchSize: number
  readonly samples: number
  readonly epochs: number
  readonly weights: 'none' | 'samples' | 'classes'
  readonly inputs: 'normal' | 'bytes'
  /** `labels` are several 0 or 1 per sample. */
  readonly targets: 'classes' | 'labels' | 'values'
  readonly shuffle: boolean
  readonly validation: boolean
  /** Whether the data are uploaded in windows. */
  readonly windows: boolean
  readonly profile: boolean
  readonly call: 'fit' | 'epochs' | 'steps'
  /** The forms of the resident plan to test in addition to the layered plan, if they support the network. */
  readonly resident: 'none' | 'straight' | 'any'
  readonly seed: number
}

/** The most multiplications of one run before the minibatch is made smaller: the float64 loops take seconds for more. */
const MOST_WORK = 3e7
const MOST_STEPS = 10

/** Mostly narrow, often at the edges of packs and workgroups, sometimes up to 600. */
const width = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 12 }), weight: 9 },
  { arbitrary: fc.constantFrom(15, 16, 17, 31, 32, 33, 63, 64, 65, 128), weight: 3 },
  { arbitrary: fc.integer({ min: 1, max: 600 }), weight: 1 },
)
const batch = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 40 }), weight: 4 },
  { arbitrary: fc.integer({ min: 1, max: 300 }), weight: 1 },
)
/** 0 most of the time. */
const sometimes = <T>(zero: T, ...others: T[]) =>
  fc.oneof({ arbitrary: fc.constant(zero), weight: 2 }, { arbitrary: fc.constantFrom(...others), weight: 1 })

/** A random case, over every option of a training run. */
export const cases: fc.Arbitrary<Case> = fc
  .record({
    sizes: fc.oneof(
      { arbitrary: fc.array(width, { minLength: 2, maxLength: 3 }), weight: 5 },
      { arbitrary: fc.array(width, { minLength: 4, maxLength: 5 }), weight: 1 },
    ),
    hidden: fc.array(fc.constantFrom(...hiddenNames), { minLength: 3, maxLength: 3 }),
    pair: fc.constantFrom(...lossPairs),
    init: fc.constantFrom(...initializerNames),
    optimizer: fc.constantFrom(...optimizerNames),
    momentum: sometimes(0, 0.5, 0.9),
    nesterov: fc.boolean(),
    centered: fc.boolean(),
    weightDecay: sometimes(0, 0.01, 0.1),
    clipNorm: sometimes(0, 0.01, 1),
    rate: fc.constantFrom(0.001, 0.003, 0.01, 0.03),
    schedule: fc.oneof(
      { arbitrary: fc.constant('none' as const), weight: 3 },
      {
        arbitrary: fc.constantFrom('constant', 'step', 'exponential', 'cosine', 'warmup', 'reduceOnPlateau'),
        weight: 2,
      },
    ),
    l1: sometimes(0, 0.001, 0.01),
    l2: sometimes(0, 0.001, 0.05),
    dropout: fc.oneof(
      { arbitrary: fc.constant([0, 0, 0]), weight: 2 },
      { arbitrary: fc.array(fc.constantFrom(0, 0.1, 0.5, 0.8), { minLength: 3, maxLength: 3 }), weight: 1 },
    ),
    batchSize: batch,
    minibatches: fc.integer({ min: 1, max: 4 }),
    lastRows: fc.integer({ min: 1, max: 300 }),
    epochs: fc.integer({ min: 1, max: 3 }),
    weights: sometimes<Case['weights']>('none', 'samples', 'classes'),
    inputs: sometimes<Case['inputs']>('normal', 'bytes'),
    targets: fc.constantFrom<Case['targets']>('classes', 'labels', 'values'),
    shuffle: fc.boolean(),
    validation: sometimes(false, true),
    windows: sometimes(false, true),
    profile: fc.integer({ min: 0, max: 19 }).map((number) => number === 0),
    call: sometimes<Case['call']>('fit', 'epochs', 'steps'),
    resident: sometimes<Case['resident']>('none', 'straight', 'any'),
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  })
  .map(({ pair: [loss, output], minibatches, lastRows, ...options }) => {
    const layers = options.sizes.length - 1
    const products = options.sizes.slice(1).reduce((sum, size, l) => sum + size * options.sizes[l]!, 0)
    const batchSize = Math.max(1, Math.min(options.batchSize, Math.floor(MOST_WORK / products)))
    const steps = Math.max(1, Math.min(MOST_STEPS, Math.floor(MOST_WORK / (products * batchSize))))
    const epochs = Math.min(options.epochs, steps)
    const perEpoch = Math.max(1, Math.min(minibatches, Math.floor(steps / epochs)))
    return {
      ...options,
      loss,
      output,
      hidden: options.hidden.slice(0, layers - 1),
      dropout: options.dropout.slice(0, layers - 1),
      batchSize,
      epochs,
      samples: (perEpoch - 1) * batchSize + Math.min(lastRows, batchSize),
    }
  })

export function networkOf({ sizes, hidden, output, init, seed }: Case): Network {
  return Network.create({ sizes: [...sizes], activations: [...hidden, output], init, seed })
}

/** The training data, without class weights (an option of fit). */
export function dataOf({ sizes, samples, inputs, targets, output, loss, weights, seed }: Case): Dataset {
  const random = new Random(seed, 'data')
  const [columns, outputs] = [sizes[0]!, sizes.at(-1)!]
  const x = new Matrix(samples, columns)
  const y = new Matrix(samples, outputs)
  for (let i = 0; i < x.data.length; i++) x.data[i] = inputs === 'bytes' ? random.below(256) / 255 : random.normal()
  const areProbabilities = loss === 'binaryCrossEntropy'
  const areLabels = targets === 'labels' && outputs > 1 && output !== 'softmax' && weights !== 'classes'
  const areClasses = targets !== 'values' || loss === 'crossEntropy'
  for (let i = 0; i < samples; i++) {
    if (areLabels || !areClasses) {
      for (let j = 0; j < outputs; j++) {
        const number = () => (areProbabilities ? random.between(0, 1) : random.normal())
        y.data[i * outputs + j] = areLabels ? random.below(2) : number()
      }
    } else if (outputs === 1) y.data[i] = loss === 'crossEntropy' ? 1 : random.below(2)
    else y.data[i * outputs + random.below(outputs)] = 1
  }
  const own = Array.from({ length: samples }, (_, i) => (i === 0 ? 1 : random.below(4) / 2))
  return Dataset.from(x, y, weights === 'samples' ? { weights: own } : {})
}

/**
 * The forms of the resident plan that train a case in addition to the layered plan, with this many bytes of workgroup
 * memory. Straight-line code is the form of every network of at most 120 parameters; the other two are compiled for one in
 * four of them, and loops over more than two layers in a few cases only, because that takes seconds on SwiftShader.
 */
export function residentFormsOf(
  { resident, dropout, clipNorm, batchSize, seed }: Case,
  { layers, parameters }: Network,
  bytes: number,
): readonly ResidentForm[] {
  if (resident === 'none' || clipNorm > 0 || dropout.some((share) => share > 0)) return []
  const mostLayers = seed % 16 === 0 ? 4 : 2
  const fitsLoop = residentBytes(deviceLayers(layers), batchSize) <= bytes && layers.length <= mostLayers
  if (parameters.length > 120) return resident === 'any' && fitsLoop ? ['loop'] : []
  const isOther = { lanes: seed % 4 === 2 && batchSize >= FEWEST_LANES, loop: seed % 4 === 3 && fitsLoop }
  return ['straight', ...(['lanes', 'loop'] as const).filter((form) => isOther[form])]
}

/** Bytes of device memory that force windows of at least one minibatch. */
export function windowBytes({ sizes, batchSize, samples }: Case): number {
  const row = 16 * (packsOf(sizes[0]!) + packsOf(sizes.at(-1)!) + 1) + 4
  return row * Math.max(2 * batchSize, Math.ceil(samples / 2))
}
