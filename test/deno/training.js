// Run in Deno by run.js: trains on Deno's own WebGPU, on the CPU and on threads of WebAssembly, and prints the results as JSON.
import { circle, fit, Network, sgd, wasm } from 'webgpu-mlp'

const train = async (backend, sizes, learningRate) => {
  const network = Network.create({ sizes, seed: 1 })
  const settings = { backend, optimizer: sgd({ learningRate }), batchSize: 10, epochs: 10, seed: 1 }
  const { epochs, backend: placed } = await fit(network, circle({ samples: 200, seed: 1 }), settings)
  return { backend: placed, losses: epochs.map(({ loss }) => loss) }
}

const small = (backend) => train(backend, [2, 3, 2], 3)
const large = (backend) => train(backend, [2, 150, 100, 2], 0.1)
const pairs = {
  webgpu: [await small('webgpu'), await small('cpu')],
  wasm: [await large(wasm({ threads: 2 })), await large('cpu')],
}
console.log(JSON.stringify(pairs))
