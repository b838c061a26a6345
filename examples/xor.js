// Exclusive or: a single neuron cannot learn it, a network with two hidden neurons can. Run: npm run build && node examples/xor.js
import { gate, Network, sgd, Trainer } from 'webgpu-mlp'

const data = gate('xor')
const network = Network.create({ sizes: [2, 2, 1], activation: 'sigmoid', seed: 5 })
const optimizer = sgd({ learningRate: 3, momentum: 0.9 })
const trainer = await Trainer.create(network, { loss: 'binaryCrossEntropy', optimizer, batchSize: 4, seed: 1 })

let last
const began = performance.now()
for await (const epoch of trainer.epochs(data, { epochs: 2000 })) {
  last = epoch
  if (epoch.loss < 0.01) break
}
const seconds = (performance.now() - began) / 1000

const outputs = await trainer.predict(data.inputs)
data.inputs.toArray().forEach((row, i) => console.log(`${row.join(' ')} → ${outputs.get(i, 0).toFixed(3)}`))
console.log(`accuracy ${last.accuracy.toFixed(3)}, loss ${last.loss.toFixed(4)} after ${last.epoch} epochs`)
console.log(`${seconds.toFixed(1)} s on ${trainer.backend.description}`)
trainer.dispose()
