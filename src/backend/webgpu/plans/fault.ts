import type { EpochOrder } from '../../backend.ts'
import { areFinite, type Fault, layerOfFault, type StepValues } from '../../fault.ts'
import { countMinibatches } from '../../../data/minibatch.ts'
import type { Buffers } from '../device/buffers.ts'
import type { Device } from '../device/device.ts'
import { readBack, sumRows } from '../device/readback.ts'
import { type DeviceLayer, toHost } from '../kernels/packs.ts'
import type { ParameterStore } from './parameters.ts'
import type { Plan } from './plan.ts'

export interface FaultSearch {
  readonly device: Device
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
  readonly store: ParameterStore
  readonly plan: Pick<Plan, 'scores' | 'scoresPerEpoch'>
  readonly epoch: EpochOrder
  /** Makes steps of the epoch, by the plan. */
  readonly run: (first: number, count: number) => Promise<void>
  /** The values of one step by the layered plan, from the parameters as they are; it changes them. */
  readonly valuesOf: (step: number) => Promise<Omit<StepValues, 'parameters'>>
}

/** The values of the buffers that training changes, in host memory. */
interface State {
  readonly parameters: Float32Array
  readonly state: Float32Array
  readonly scores: Float32Array
}

/**
 * Finds the first step of an epoch after which the sum of the losses or a parameter is not finite, by bisection: what is
 * not finite once stays so. Each half is trained from the last state that was finite, so about as many steps are made as
 * the epoch has. Before it, parameters and state are those of the beginning of the epoch, and the scores are 0; after it,
 * parameters and state are those of the beginning again.
 */
export async function searchFault(search: FaultSearch): Promise<Fault | undefined> {
  const { epoch, run, layers, valuesOf } = search
  const begin = await readState(search)
  let good = { step: 0, state: begin }
  let bad = countMinibatches(epoch.order.length, epoch.batchSize)
  while (bad - good.step > 1) {
    const middle = (good.step + bad) >> 1
    await writeState(search, good.state)
    await run(good.step, middle - good.step)
    const state = await readState(search)
    if (isFinite(search, state)) good = { step: middle, state }
    else bad = middle
  }
  await writeState(search, good.state)
  await run(good.step, 1)
  const after = await readState(search)
  let fault: Fault | undefined
  if (!isFinite(search, after)) {
    await writeState(search, good.state)
    const values = { ...(await valuesOf(good.step)), parameters: toHost(layers, after.parameters) }
    // Where every value of the step is finite, the sum of the losses is not: it belongs to the output layer.
    fault = { minibatch: good.step, layer: layerOfFault(layers, values) ?? layers.length - 1 }
  }
  await writeState(search, begin)
  return fault
}

async function readState({ device, buffers, store, plan }: FaultSearch): Promise<State> {
  const [parameters, state, scores] = await readBack(device, buffers, [store.parameters, store.state, plan.scores])
  return { parameters: parameters!, state: state!, scores: scores! }
}

function writeState({ device, store, plan }: FaultSearch, { parameters, state, scores }: State): Promise<void> {
  return device.checked('search for a fault', () => {
    device.write(store.parameters, 0, parameters)
    device.write(store.state, 0, state)
    device.write(plan.scores, 0, scores)
  })
}

function isFinite({ plan, epoch }: FaultSearch, { parameters, scores }: State): boolean {
  const { loss } = sumRows(scores.subarray(0, 2 * plan.scoresPerEpoch), epoch.order.length)
  return Number.isFinite(loss) && areFinite(parameters)
}
