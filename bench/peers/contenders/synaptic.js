// synaptic: its network "optimized" (hardcoded into one function), trained sample by sample.
// Its output delta is target − activation without the activation's slope: with sigmoid outputs that is
// binaryCrossEntropy, whatever cost its Trainer is told to report, so that is what its proof is held against. And it
// passes deltas back through output weights that it has updated already: an error of the order of the rate, so its proof
// is given at a small one, where the two are the same to 1e-6 and a wrong factor would still show.
import { createRequire } from 'node:module'
import { installedVersion, serve, Unable } from './protocol.js'
import { samplesOf, samplewise } from './samplewise.js'

/** So many weights still make a function that can be compiled; each becomes several lines of source. */
const mostWeights = 100_000

await serve(({ workload, x, y, layers }) => {
  const { sizes, hidden, output, optimizer } = workload
  if (hidden !== 'sigmoid' || output !== 'sigmoid' || optimizer !== 'sgd') {
    throw new Unable('written here for sigmoid layers and sgd; synaptic has neither softmax nor adam')
  }
  const weights = layers.reduce((sum, layer) => sum + layer.weights.length, 0)
  if (weights > mostWeights) throw new Unable(`${weights} weights are too many for a library of one object a weight`)

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
    remark: 'passes deltas back through updated weights',
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
