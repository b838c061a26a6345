import { circle, fit, Network } from 'webgpu-mlp'

test.each(['cpu', 'wasm', 'auto'])('trains with the backend %s', async (backend) => {
  expect(typeof document).toBe('object')
  const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
  const { last } = await fit(network, circle({ samples: 200, seed: 1 }), { epochs: 5, batchSize: 10, seed: 1, backend })
  expect(last.loss).toBeCloseTo(0.22747, 4)
  const again = Network.fromJSON(JSON.parse(JSON.stringify(network)))
  expect(again.classify([[0, 0]])).toEqual(network.classify([[0, 0]]))
})
