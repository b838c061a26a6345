import { describe, expect, it } from 'vitest'
import { Encoding, Network, Scaling, toJavaScript } from '../src/index.ts'
import type { ActivationName } from '../src/index.ts'
import { expectClose } from './close.ts'
import { loadModule } from './javascript-module.ts'
import { runOnnx } from './onnx-session.ts'
import fitted from './sklearn/pipeline.json'

type Case = (typeof fitted.cases)[number]

/** The network that computes what a fitted pipeline of scikit-learn computes. */
function networkOf(one: Case): Network {
  const { weights, biases, hidden, output, classes, means, scales, numberFills, wordFills, categories } = one
  const network = Network.from({
    sizes: [weights[0]![0]!.length, ...biases.map(({ length }) => length)],
    activations: biases.map((_, l) => (l === biases.length - 1 ? output : hidden) as ActivationName),
    weights: weights,
    biases,
  })
  network.features = fitted.columns
  if (classes.length > 0) network.classes = classes
  network.encoding = new Encoding(
    [
      ...numberFills.map((fill) => ({ kind: 'number' as const, fill })),
      ...categories.map((names, j) => ({ kind: 'category' as const, categories: names, fill: wordFills[j]! })),
    ],
    'impute',
  )
  const oneHot = categories.flat()
  network.scaling = new Scaling('standardize', [...means, ...oneHot.map(() => 0)], [...scales, ...oneHot.map(() => 1)])
  if (one.targetScaling) {
    network.targetScaling = new Scaling('standardize', one.targetScaling.means, one.targetScaling.scales)
  }
  return network
}

/** Bounds relative to the largest prediction of each output. */
function boundsOf(predictions: number[][]): number[] {
  const largest = predictions[0]!.map((_, j) => Math.max(...predictions.map((row) => Math.abs(row[j]!))))
  return predictions.flatMap(() => largest.map((value) => 1e-6 * value))
}

describe('a pipeline of scikit-learn as a network', () => {
  it.each(fitted.cases)('$name: the same predictions, in every format', async (one) => {
    const network = networkOf(one)
    const rows = fitted.rows
    // Two classes have one output here, the probability of the second, and two columns there.
    const isBinary = one.classes.length === 2
    const predictions = isBinary ? one.predictions.map((row) => row.slice(1)) : one.predictions
    const compare = (name: string, got: ArrayLike<number>) =>
      expectClose(got, predictions.flat(), { name, atol: boundsOf(predictions) })
    compare('network', network.predict(rows).data)
    compare('JSON', Network.fromJSON(JSON.parse(JSON.stringify(network))).predict(rows).data)
    const { predict } = await loadModule(toJavaScript(network))
    compare('JavaScript', predict(rows).flat())
    compare('ONNX', await runOnnx(network, rows))
    if (one.classes.length === 0) return
    const best = one.predictions.map((row) => one.classes[row.indexOf(Math.max(...row))])
    expect(network.classify(rows).map((answer) => answer.class)).toEqual(best)
  })
})
