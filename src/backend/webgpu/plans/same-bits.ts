import type { EpochOrder } from '../../backend.ts'
import type { WebGPUData } from '../data.ts'
import type { Buffers } from '../device/buffers.ts'
import type { Device } from '../device/device.ts'
import { readBack } from '../device/readback.ts'
import type { ParameterStore } from './parameters.ts'
import type { Plan } from './plan.ts'
import { countSteps, type EpochSubmitter } from './submitter.ts'

/** Steps from the beginning of an epoch that are compared; the last one, which may have fewer samples, is added. */
const STEPS = 4

export interface ComparedEpoch {
  readonly device: Device
  readonly buffers: Buffers
  readonly store: ParameterStore
  readonly submitter: EpochSubmitter
  readonly data: WebGPUData
  readonly epoch: EpochOrder
}

/**
 * Whether two plans give the same bits on this adapter: both make the same steps from the same parameters and state, which
 * are restored afterwards. The standard allows drivers to round and to reorder sums differently from kernel to kernel.
 */
export async function giveSameBits(compared: ComparedEpoch, one: Plan, other: Plan): Promise<boolean> {
  const { device, buffers, store } = compared
  const [parameters, state] = await readBack(device, buffers, [store.parameters, store.state])
  const restore = () =>
    device.checked('comparison of plans', () => {
      device.write(store.parameters, 0, parameters!)
      device.write(store.state, 0, state!)
    })
  const first = await resultsOf(compared, one)
  await restore()
  const second = await resultsOf(compared, other)
  await restore()
  return first.every((values, i) => areSame(values, second[i]!))
}

/** Parameters, state, and the sums of the minibatch's rows after some steps. */
async function resultsOf(compared: ComparedEpoch, plan: Plan): Promise<Float32Array[]> {
  const { device, buffers, store, submitter, data } = compared
  const epoch = { ...compared.epoch, signal: undefined }
  const prepared = await plan.prepare(data, [epoch])
  await submitter.begin({ plan, data, epochs: [epoch] })
  await prepared.begin?.()
  const steps = countSteps(epoch)
  await submitter.makeSteps(plan, prepared, 0, Math.min(STEPS, steps))
  if (steps > STEPS) await submitter.makeSteps(plan, prepared, steps - 1, 1)
  const [parameters, state, scores] = await readBack(device, buffers, [store.parameters, store.state, plan.scores])
  return [parameters!, state!, scores!.subarray(0, 2 * epoch.batchSize)]
}

function areSame(one: Float32Array, other: Float32Array): boolean {
  const bitsOf = ({ buffer, byteOffset, length }: Float32Array) => new Uint32Array(buffer, byteOffset, length)
  const [a, b] = [bitsOf(one), bitsOf(other)]
  return a.length === b.length && a.every((bits, i) => bits === b[i])
}
