// synaptic: an "optimized" network (compiled into one function), trained on single samples.
// Its output delta is target − activation, without the derivative of the activation. With sigmoid outputs this is the
// gradient of binaryCrossEntropy, independent of the cost that its Trainer reports, so the proof uses this loss. It also
// propagates deltas through output weights that are already updated, an error proportional to the learning rate. The proof
// therefore uses a small rate, at which the losses agree to 1e-6 and a wrong factor would still be detected.
import { createRequire } from 'node:module'
import { installedVersion, serve, Unable } from './protocol.js'
import { samplesOf, samplewise } from './samplewise.js'

/** The largest number of weights for which the generated function compiles; each weight becomes several lines of source. */
const mostWeights = 100_000

await serve(({ workload, x, y, layers }) => {
  const { sizes, hidden, output, optimizer } = workload
  if (hidden !== 'sigmoid' || output !== 'sigmoid' || optimizer !== 'sgd') {
    throw new Unable('this benchmark supports sigmoid layers and sgd; synaptic has neither softmax nor adam')
  }
  const weights = layers.reduce((sum, layer) => sum + layer.weights.length, 0)
  if (weights > mostWeights)
    throw new Unable(`${weights} weights are too many for a library with one object per weight`)

  const { Architect, Neuron } = createRequire(import.meta.url)('synaptic')
  const network = new Architect.Perceptron(...sizes)
  const levels = [network.layers.input, ...network.layers.hidden, network.layers.output].map((level) => level.neurons())
  layers.forEach((layer, l) => place(layer, levels[l], levels[l + 1], Neuron.squash.LOGISTIC))

  const inputs = samplesOf(x, sizes[0])
  const targets = samplesOf(y, sizes.at(-1))
  let activations
  return samplewise({
    version: installedVersion('synaptic'),
    loss: 'binaryCrossEntropy',
    workload,
    proofRate: 1e-4,
    remark: 'propagates deltas through updated weights',
    train(s, learningRate) {
      activations = network.activate(inputs[s])
      network.propagate(learningRate, targets[s])
    },
    lossBefore: (s) => binaryCrossEntropy(activations, targets[s]),
  })
})

function place({ inputs, weights, biases }, from, to, squash) {
  to.forEach((neuron, i) => {
    neuron.squash = squash
    neuron.bias = biases[i]
    const incoming = new Map(Object.values(neuron.connections.inputs).map((link) => [link.from.ID, link]))
    from.forEach(({ ID }, j) => (incoming.get(ID).weight = weights[i * inputs + j]))
  })
}

function binaryCrossEntropy(activations, targets) {
  return -activations.reduce((sum, a, j) => sum + targets[j] * Math.log(a) + (1 - targets[j]) * Math.log(1 - a), 0)
}
