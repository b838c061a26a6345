// Where the article starts: a perceptron is a logic gate, and layers of them are circuits. Nothing is trained here; the
// weights are set by hand. Run: npm run build && node examples/gates.js
import { Network, Trainer } from 'webgpu-mlp'

const rows = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]

/** One neuron with a steep step: on where 20·(w·x + b) > 0. */
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
  const answers = await trainer.predict(rows)
  console.log(name)
  rows.forEach((row, i) => console.log(`  ${row.join(' ')} → ${Array.from(answers.row(i), Math.round).join(' ')}`))
  trainer.dispose()
}
