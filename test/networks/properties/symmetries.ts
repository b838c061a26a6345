import type { Random } from '../../../src/core/random.ts'
import type { Network } from '../../../src/model/network.ts'
import type { Case } from '../cases.ts'
import { type Outcome, parameterGroups } from '../train.ts'
import {
  inverse,
  mapGroups,
  matrixOf,
  noDropout,
  permutation,
  type Property,
  takeColumns,
  takeRows,
  withMatrices,
  withParameters,
} from './property.ts'

/** The number of the layer that a group such as `weights[2]` belongs to. */
const layerOf = (name: string) => Number(/\d+/.exec(name)?.[0])

/** A network whose layer l has its units in the order orders[l + 1], and its inputs in the order orders[l]. */
function reorderNetwork(network: Network, orders: readonly (readonly number[])[]): Network {
  const weights = network.weights.map((values, l) => {
    const rows = takeRows(values, network.sizes[l]!, orders[l + 1]!)
    return takeColumns(rows, network.sizes[l]!, orders[l]!)
  })
  const biases = network.biases.map((values, l) => takeRows(values, 1, orders[l + 1]!))
  return withParameters(network, weights, biases)
}

/** The results of a reordered network in the order of the original one. */
function restoreOrder(outcome: Outcome, { sizes }: Network, orders: readonly (readonly number[])[]): Outcome {
  const back = orders.map(inverse)
  return mapGroups(outcome, (name, values) => {
    const l = layerOf(name)
    if (name.startsWith('weights')) return takeColumns(takeRows(values, sizes[l]!, back[l + 1]!), sizes[l]!, back[l]!)
    if (name.startsWith('biases')) return takeRows(values, 1, back[l + 1]!)
    return name === 'predictions' ? takeColumns(values, sizes.at(-1)!, back.at(-1)!) : values
  })
}

const unchanged = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Permutes the units of the layers for which `isPermuted` is true; layer 0 is the inputs. */
function permuted(isPermuted: (layer: number, layers: number) => boolean): Property['sides'] {
  return (run, random) => {
    const { network, data } = run
    const { sizes } = network
    const orders = sizes.map((size, l) =>
      isPermuted(l, sizes.length - 1) ? permutation(size, random) : unchanged(size),
    )
    const inputs = matrixOf(sizes[0]!, takeColumns(data.inputs.data, sizes[0]!, orders[0]!))
    const targets = matrixOf(sizes.at(-1)!, takeColumns(data.targets.data, sizes.at(-1)!, orders.at(-1)!))
    const other = { ...run, network: reorderNetwork(network, orders), data: withMatrices(data, { inputs, targets }) }
    return [{ run }, { run: other, view: (outcome) => restoreOrder(outcome, network, orders) }]
  }
}

/** Weights of classes are by the number of a class. */
const noClassWeights = ({ weights }: Case) => ({ weights: weights === 'classes' ? ('samples' as const) : weights })

/** A network with at least one hidden layer. */
const withHidden = ({ sizes, hidden, dropout, seed }: Case) =>
  sizes.length > 2
    ? {}
    : {
        sizes: [sizes[0]!, 2 + (seed % 9), sizes[1]!],
        hidden: [hidden[0] ?? ('tanh' as const)],
        dropout: [dropout[0] ?? 0],
      }

/** Signs of the units of each layer, with some negative ones in the given layers. */
function randomSigns(sizes: readonly number[], random: Random, isOdd: (layer: number) => boolean): number[][] {
  return sizes.map((size, layer) =>
    Array.from({ length: size }, (_, i) => (isOdd(layer) && (i === 0 || random.below(2) === 0) ? -1 : 1)),
  )
}

/** Multiplies by the signs of each layer's units: weights by those of both ends. */
function applySigns(outcome: Outcome, sizes: readonly number[], signs: readonly (readonly number[])[]): Outcome {
  return mapGroups(outcome, (name, values) => {
    const l = layerOf(name)
    if (name.startsWith('weights')) {
      const inputs = sizes[l]!
      return values.map((value, i) => value * signs[l + 1]![Math.floor(i / inputs)]! * signs[l]![i % inputs]!)
    }
    if (name.startsWith('biases')) return values.map((value, i) => value * signs[l + 1]![i]!)
    return values
  })
}

const withoutNegativeZeros = (values: readonly number[]) => values.map((value) => value + 0)

/** Symmetries of a network: other parameters with which it computes and learns the same. */
export const symmetries: Record<string, Property> = {
  'the hidden units in another order': {
    adapt: (one) => ({ ...withHidden(one), ...noDropout({ ...one, ...withHidden(one) }) }),
    sides: permuted((layer, last) => layer > 0 && layer < last),
  },
  'the columns of the inputs in another order': { adapt: () => ({}), sides: permuted((layer) => layer === 0) },
  'the outputs in another order': { adapt: noClassWeights, sides: permuted((layer, last) => layer === last) },
  'negated hidden units of tanh and linear': {
    adapt: (one) => {
      const hidden = withHidden(one)
      return { ...hidden, hidden: (hidden.hidden ?? one.hidden).map((_, l) => (l % 2 === 0 ? 'tanh' : 'linear')) }
    },
    sides: (run, random) => {
      const { network } = run
      const { sizes } = network
      const signs = randomSigns(sizes, random, (layer) => layer > 0 && layer < sizes.length - 1)
      const negated = applySigns(parameterGroups(network), sizes, signs)
      const layers = (name: string) => network.weights.map((_, l) => withoutNegativeZeros(negated[`${name}[${l}]`]!))
      const other = withParameters(network, layers('weights'), layers('biases'))
      return [{ run }, { run: { ...run, network: other }, view: (outcome) => applySigns(outcome, sizes, signs) }]
    },
  },
  'one more column of zeros, with weights of zero': {
    adapt: () => ({}),
    sides: (run) => {
      const { network, data, one } = run
      const columns = network.sizes[0]!
      const sizes = [columns + 1, ...network.sizes.slice(1)]
      const wider = (values: ArrayLike<number>) =>
        Array.from({ length: (values.length / columns) * (columns + 1) }, (_, i) => {
          const column = i % (columns + 1)
          return column < columns ? values[Math.floor(i / (columns + 1)) * columns + column]! : 0
        })
      const weights = network.weights.map((values, l) => (l === 0 ? wider(values) : values))
      const other = withParameters({ sizes, activations: network.activations }, weights, network.biases)
      const inputs = matrixOf(columns + 1, wider(data.inputs.data))
      const view = (outcome: Outcome) =>
        mapGroups(outcome, (name, values) =>
          name === 'weights[0]' ? takeColumns(values, columns + 1, unchanged(columns)) : values,
        )
      return [
        { run },
        { run: { ...run, one: { ...one, sizes }, network: other, data: withMatrices(data, { inputs }) }, view },
      ]
    },
  },
  'the same number added to all biases of a softmax': {
    adapt: ({ loss }) => ({
      output: 'softmax',
      loss: loss === 'binaryCrossEntropy' ? 'crossEntropy' : loss,
      // It pulls the biases to 0.
      weightDecay: 0,
    }),
    sides: (run, random) => {
      const { network } = run
      const shift = 1 + random.below(3)
      const last = network.biases.length - 1
      const biases = network.biases.map((values, l) => (l === last ? values.map((value) => value + shift) : values))
      const view = (outcome: Outcome) =>
        mapGroups(outcome, (name, values) =>
          name === `biases[${last}]` ? values.map((value) => value - shift) : values,
        )
      return [{ run }, { run: { ...run, network: withParameters(network, network.weights, biases) }, view }]
    },
  },
  'the rows of each minibatch in another order': {
    adapt: (one) => ({ ...noDropout(one), shuffle: false }),
    sides: (run, random) => {
      const { data, one } = run
      const order: number[] = []
      for (let start = 0; start < data.length; start += one.batchSize) {
        const rows = Math.min(one.batchSize, data.length - start)
        order.push(...permutation(rows, random).map((row) => start + row))
      }
      const view = (outcome: Outcome) =>
        mapGroups(outcome, (name, values) =>
          name === 'predictions' ? takeRows(values, one.sizes.at(-1)!, inverse(order)) : values,
        )
      return [{ run }, { run: { ...run, data: data.take(order) }, view }]
    },
  },
}
