import { circle, fit, type History, Network, sgd, Trainer, webgpu } from 'webgpu-mlp'
import { connect, serve } from 'webgpu-mlp/worker'

const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
const data = circle({ samples: 10, seed: 1 })
const history: History = await fit(network, data, { optimizer: sgd({ learningRate: 1 }), epochs: 1 })
const loss: number = history.last.loss
const trainer = await Trainer.create(network, { backend: webgpu({ deterministic: true }) })
for await (const { epoch, validation } of trainer.epochs(data, { epochs: 2, validation: data })) {
  const both: [number, number] = [epoch, validation.loss]
  if (both[0] > 1) break
}
const answer: string | number = network.classify([[1, 2]])[0]!.class
const remote = await connect(new Worker('worker.js', { type: 'module' })).Trainer.create(network)
const outputs: Float32Array = (await remote.predict([[1, 2]])).data

// @ts-expect-error There is no such option.
await fit(network, data, { epoch: 1 })

export { answer, loss, outputs, serve }
