// One sigmoid neuron, trained by full-batch gradient descent on the mean squared error, finds the line between two classes.
// Run: npm run build && node examples/neuron.js
import { linear, Neuron } from 'webgpu-mlp'

const data = linear({ samples: 500, seed: 1 }) // points of the square, class 1 where x·(1, −1.5) > 0.4
const neuron = new Neuron({ inputs: 2, learningRate: 1, epochs: 1500 })
neuron.fit(data.inputs, data.targets)

const outputs = neuron.predict(data.inputs)
const correct = outputs.filter((a, i) => a > 0.5 === data.targets.data[i] > 0.5).length
const [w1, w2] = neuron.weights
console.log(`correct predictions: ${correct} of ${data.length}`)
console.log(`true line:  1.000·x − 1.500·y = 0.400`)
console.log(`found line: 1.000·x − ${(-w2 / w1).toFixed(3)}·y = ${(-neuron.bias / w1).toFixed(3)}`)
