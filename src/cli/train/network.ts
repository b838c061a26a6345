import { type InitializerName, type LossName, Network } from '../../index.ts'
import { exampleOf } from '../data.ts'
import { parseActivations, parseLayers } from '../options.ts'
import type { PreparedData } from './data.ts'
import { type Start, startNetwork } from './from.ts'
import type { TrainOptions } from './options.ts'

/** What a network follows from, besides the data. */
interface NewRun {
  readonly options: TrainOptions
  readonly loss: LossName
  readonly init: InitializerName
  readonly seed: number
  readonly start: Start | undefined
}

/** The network that training begins with: that of `--from`, or a new one for the data. */
export function makeNetwork(data: PreparedData, { options, loss, init, seed, start }: NewRun): Network {
  const { train, scaling, targetScaling, reading } = data
  if (start) return startNetwork(start, train, options)
  const example = exampleOf(train)
  const sizes = parseLayers(options.layers, { inputs: example.inputs.cols, outputs: example.targets.cols })
  const activations = parseActivations(options.activation, sizes.length - 1, loss)
  const network = Network.create({ sizes, activations, init, seed })
  const { features, classes, targetNames, encoding } = example
  Object.assign(network, { features, classes, targetNames, scaling, encoding, targetScaling })
  // The options and the file decide it together with the loss and the last layer, not the values of the targets alone.
  const isRegression = !classes && (reading?.task === 'regression' || reading?.numbers === 'targets')
  if (isRegression) network.task = 'regression'
  else if (reading?.task === 'multilabel') network.task = 'multilabel'
  return network
}
