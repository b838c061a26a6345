// brain.js: trains on single samples with trainPattern, which its train() calls, without momentum.
import { createRequire } from 'node:module'
import { installedVersion, serve, Unable } from './protocol.js'
import { samplesOf, samplewise } from './samplewise.js'

await serve(({ workload, x, y, layers }) => {
  const { sizes, hidden, output, loss, optimizer } = workload
  if (hidden !== 'sigmoid' || output !== 'sigmoid' || loss !== 'quadratic' || optimizer !== 'sgd') {
    throw new Unable(
      'brain.js has one activation for all layers and one loss; this benchmark supports sigmoid and quadratic',
    )
  }
  const { NeuralNetwork } = createRequire(import.meta.url)('brain.js')
  const network = new NeuralNetwork({ activation: 'sigmoid' })
  network.sizes = sizes
  network.initialize()
  // Set directly, because the checks of brain.js reject a momentum of 0.
  network.trainOpts.momentum = 0
  layers.forEach(({ inputs, outputs, weights, biases }, l) => {
    for (let i = 0; i < outputs; i++) {
      network.biases[l + 1][i] = biases[i]
      network.weights[l + 1][i].set(weights.subarray(i * inputs, (i + 1) * inputs))
    }
  })

  const inputs = samplesOf(x, sizes[0]).map((row) => Float32Array.from(row))
  const targets = samplesOf(y, sizes.at(-1)).map((row) => Float32Array.from(row))
  return samplewise({
    version: installedVersion('brain.js'),
    loss,
    workload,
    train(s, learningRate) {
      network.trainOpts.learningRate = learningRate
      network.trainPattern({ input: inputs[s], output: targets[s] })
    },
    lossBefore: () => 0.5 * network.errors[sizes.length - 1].reduce((sum, error) => sum + error * error, 0),
  })
})
