import { circle, fit, Network } from 'webgpu-mlp'

addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('message', async ({ data: backend, source }) => {
  const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
  const data = circle({ samples: 200, seed: 1 })
  try {
    const { backend: used, last } = await fit(network, data, { epochs: 5, batchSize: 10, seed: 1, backend })
    source.postMessage({ ...used, loss: last.loss })
  } catch ({ name, message }) {
    source.postMessage({ name, message })
  }
})
