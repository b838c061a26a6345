// A training loop of one's own: the library computes the gradients of a minibatch, this program makes the steps, with a
// rule that the library does not have (Lion: only the signs of a momentum are used). Run: npm run build && node examples/custom-loop.js
import { circle, Network, shuffle, split, Trainer } from 'webgpu-mlp'

const { train, test } = split(circle({ samples: 400, seed: 1 }), { test: 0.25, seed: 1 })
const network = Network.create({ sizes: [2, 8, 2], hidden: 'tanh', output: 'softmax', seed: 1 })
const trainer = await Trainer.create(network, { loss: 'crossEntropy' })

const [learningRate, beta1, beta2, batchSize] = [0.003, 0.9, 0.99, 30]
const momenta = network.parameters.map(() => 0)

/** Weights and biases of each layer one after another, as in network.parameters. */
const flatten = ({ weights, biases }) => weights.flatMap((values, l) => [...values, ...biases[l]])

for (let epoch = 1; epoch <= 60; epoch++) {
  const samples = shuffle(train, { seed: epoch })
  let loss = 0
  for (let start = 0; start < samples.length; start += batchSize) {
    const minibatch = samples.slice(start, Math.min(start + batchSize, samples.length))
    const gradients = await trainer.gradients(minibatch.inputs, minibatch.targets)
    loss += (gradients.loss * minibatch.length) / samples.length
    flatten(gradients).forEach((gradient, i) => {
      network.parameters[i] -= learningRate * Math.sign(beta1 * momenta[i] + (1 - beta1) * gradient)
      momenta[i] = beta2 * momenta[i] + (1 - beta2) * gradient
    })
    await trainer.write() // from `network` to the device
  }
  if (epoch % 20 === 0) console.log(`epoch ${epoch} loss ${loss.toFixed(3)}`)
}

const { accuracy } = await trainer.evaluate(test)
console.log(`accuracy ${accuracy.toFixed(3)} on ${test.length} other samples`)
for (const { class: name, probability } of network.decode(
  await trainer.predict([
    [0, 0],
    [0.95, 0.95],
  ]),
)) {
  console.log(`class ${name}, ${(100 * probability).toFixed(1)} %`)
}
trainer.dispose()
