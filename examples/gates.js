// Perceptrons as logic gates, and layers of them as circuits, with weights set by hand instead of training.
// Run: npm run build && node examples/gates.js
import { Network, Trainer } from 'webgpu-mlp'

const rows = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]

/** One neuron with a steep sigmoid: its output is close to 1 if w·x + b > 0, else close to 0. */
const gate = (weights, bias) =>
  Network.from({
    sizes: [2, 1],
    activations: ['sigmoid'],
    weights: [weights.map((w) => 20 * w)],
    biases: [[20 * bias]],
  })

const networks = {
  AND: gate([1, 1], -1.5),
  OR: gate([1, 1], -0.5),
  NAND: gate([-1, -1], 1.5),
  // Two layers: OR, NAND and AND of the inputs; then sum = OR and NAND, carry = AND.
  'half adder (sum, carry)': Network.from({
    sizes: [2, 3, 2],
    activations: ['sigmoid', 'sigmoid'],
    weights: [
      [20, 20, -20, -20, 20, 20],
      [20, 20, 0, 0, 0, 20],
    ],
    biases: [
      [-10, 30, -30],
      [-30, -10],
    ],
  }),
}

for (const [name, network] of Object.entries(networks)) {
  const trainer = await Trainer.create(network, { backend: 'cpu' })
  const outputs = await trainer.predict(rows)
  console.log(name)
  rows.forEach((row, i) => console.log(`  ${row.join(' ')} → ${Array.from(outputs.row(i), Math.round).join(' ')}`))
  trainer.dispose()
}
