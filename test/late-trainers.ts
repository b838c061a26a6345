import { delayPromises } from '../bench/late-device.js'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import type { WebGPUOptions } from '../src/backend/webgpu/options.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { sgd } from '../src/optimizer/optimizer.ts'
import { Trainer, type TrainerOptions } from '../src/index.ts'
import { randomNetwork } from './backends.ts'

/** Whether a device's results arrive on a timer of 100 ms, as in Firefox, or immediately. */
export type Kind = 'plain' | 'late'

/** Two devices of one adapter, opened once for a test file. */
const opened: Partial<Record<Kind, Promise<GPUDevice>>> = {}
export async function openDevice(kind: Kind): Promise<GPUDevice> {
  opened[kind] ??= Device.open().then(({ gpu }) => (kind === 'late' ? delayPromises(gpu) : gpu))
  return opened[kind]
}

/** A trainer of a network of these sizes on a device of this kind. */
export async function createTrainer(
  kind: Kind,
  sizes: readonly number[],
  { plan = 'auto', ...options }: TrainerOptions & WebGPUOptions = {},
): Promise<Trainer> {
  const network = randomNetwork([...sizes], 'tanh', 'sigmoid', 1)
  const backend = webgpu({ device: await openDevice(kind), plan })
  const optimizer = sgd({ learningRate: 0.5 })
  return Trainer.create(network, { backend, loss: 'quadratic', optimizer, batchSize: 10, seed: 1, ...options })
}
