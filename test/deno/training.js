// Run in Deno by run.js: trains on Deno's own WebGPU and on the CPU, and prints the results as JSON.
import { circle, fit, Network, sgd } from 'webgpu-mlp'

const train = async (backend) => {
  const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
  const settings = { backend, optimizer: sgd({ learningRate: 3 }), batchSize: 10, epochs: 10, seed: 1 }
  const { epochs, backend: placed } = await fit(network, circle({ samples: 200, seed: 1 }), settings)
  return { backend: placed, losses: epochs.map(({ loss }) => loss) }
}

console.log(JSON.stringify({ webgpu: await train('webgpu'), cpu: await train('cpu') }))
