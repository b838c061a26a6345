/** What the pages of all consumers do: they train in their own thread and in a worker, and stop a training. */
import { circle, fit, Network } from 'webgpu-mlp'
import { connect } from 'webgpu-mlp/worker'

const data = circle({ samples: 200, seed: 1 })
const newNetwork = () => Network.create({ sizes: [2, 3, 2], seed: 1 })
const settings = { epochs: 5, batchSize: 10, seed: 1 }
const backends = ['cpu', 'wasm', 'webgpu']

/** @returns the backend and the last loss of each training, the epochs that the worker reported, and why one was stopped */
export async function run() {
  const remote = connect(new Worker(new URL('./training-worker.js', import.meta.url), { type: 'module' }))
  const trainings = []
  for (const backend of backends) {
    const local = await fit(newNetwork(), data, { ...settings, backend })
    const epochs = []
    const network = newNetwork()
    const onEpoch = ({ epoch }) => epochs.push(epoch)
    const history = await remote.fit(network, data, { ...settings, backend, onEpoch })
    const names = [local.backend.name, history.backend.name]
    trainings.push({
      names,
      losses: [local.last.loss, history.last.loss],
      epochs,
      center: network.classify([[0, 0]])[0].class,
    })
  }
  const controller = new AbortController()
  const trainer = await remote.Trainer.create(newNetwork(), { backend: 'cpu', seed: 1 })
  const onEpoch = ({ epoch }) => (epoch === 3 ? controller.abort(new Error('enough')) : undefined)
  const stopped = await trainer
    .fit(data, { epochs: 1e6, onEpoch, signal: controller.signal })
    .catch(({ message }) => message)
  remote.terminate()
  return { trainings, stopped }
}
