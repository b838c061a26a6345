import { cpu, type Matrix, Network, Trainer } from '../../src/index.ts'

/** The outputs of every layer for these inputs, computed on the CPU by networks that end after each layer. */
export function layerOutputs(
  { sizes, activations, weights, biases }: Network,
  inputs: Matrix,
): Promise<Float32Array[]> {
  const backend = cpu()
  return Promise.all(
    activations.map(async (_, l) => {
      const part = Network.from({
        sizes: sizes.slice(0, l + 2),
        activations: activations.slice(0, l + 1),
        weights: weights.slice(0, l + 1),
        biases: biases.slice(0, l + 1),
      })
      const loss = activations[l] === 'softmax' ? 'crossEntropy' : 'quadratic'
      const trainer = await Trainer.create(part, { backend, loss, batchSize: 1, seed: 0 })
      const { data } = await trainer.predict(inputs)
      trainer.dispose()
      return data
    }),
  )
}
