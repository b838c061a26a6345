import { expect, it } from 'vitest'
import { Network } from '../src/model/network.ts'
import { Trainer } from '../src/training/trainer.ts'

const rows = [[0, 0], [0, 1], [1, 0], [1, 1]] // prettier-ignore

/** The outputs of a network for the four rows of a truth table, rounded to bits. */
async function truthTable(network: Network): Promise<number[][]> {
  const trainer = await Trainer.create(network, { backend: 'cpu' })
  const answers = (await trainer.predict(rows)).toArray()
  trainer.dispose()
  return answers.map((row) => row.map(Math.round))
}

/** A perceptron: a steep sigmoid neuron, on where w·x + b > 0. */
const perceptron = (weights: number[], bias: number) =>
  Network.from({ sizes: [2, 1], activations: ['sigmoid'], weights: [weights], biases: [[bias]] })

it.each([
  ['and', perceptron([20, 20], -30), [0, 0, 0, 1]],
  ['or', perceptron([20, 20], -10), [0, 1, 1, 1]],
  ['nand', perceptron([-20, -20], 30), [1, 1, 1, 0]],
])('a perceptron is a gate: %s', async (_, gate, table) => {
  expect((await truthTable(gate)).flat()).toEqual(table)
})

it('layers of them are circuits: a half adder of OR, NAND and AND', async () => {
  const adder = Network.from({
    sizes: [2, 3, 2],
    activations: ['sigmoid', 'sigmoid'],
    // Hidden: OR, NAND, AND. Sum = OR and NAND; carry = AND.
    weights: [
      [[20, 20], [-20, -20], [20, 20]], // prettier-ignore
      [[20, 20, 0], [0, 0, 20]], // prettier-ignore
    ],
    biases: [
      [-10, 30, -30],
      [-30, -10],
    ],
  })
  expect(await truthTable(adder)).toEqual([[0, 0], [1, 0], [1, 0], [0, 1]]) // prettier-ignore
})
