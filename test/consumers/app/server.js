/** What the servers of all consumers do: they train on the GPU, or say why they cannot. */
import { circle, fit, Network } from 'webgpu-mlp'
import { readModel } from 'webgpu-mlp/node'

export async function train(backend = 'webgpu') {
  const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
  try {
    const { backend: used, last } = await fit(network, circle({ samples: 200, seed: 1 }), { epochs: 5, batchSize: 10, seed: 1, backend }) // prettier-ignore
    const missing = await readModel('missing.json').catch(({ message }) => message)
    return { backend: used.name, loss: last.loss, missing }
  } catch ({ name, message }) {
    return { name, message }
  }
}
