import { countParameters } from '../../../model/layout.ts'
import { stateSlots } from '../../../optimizer/optimizer.ts'
import type { Stages, StageSetting } from '../stage-set.ts'
import { Workspace } from '../workspace.ts'
import type { Addresses } from './addresses.ts'
import { CONTROL_BYTES } from './control.ts'
import type { WasmFeatures } from './features.ts'
import { SQUARES_SPAN } from './formulas/clip.ts'
import { addressOf, Heap } from './heap.ts'
import { makeKit } from './kit.ts'
import type { Pool } from './pool.ts'
import { scratchBytes, writeProgram } from './program.ts'
import { type Program, WasmStages } from './stages.ts'
import { isStraight } from './straight.ts'

/** Opens the stages of a network in WebAssembly, on the threads of a pool. */
export async function openWasmStages(
  setting: StageSetting,
  pool: Pool | undefined,
  features: Pick<WasmFeatures, 'isRelaxed'>,
): Promise<Stages> {
  const heap = new Heap()
  try {
    return await openOn(heap, setting, pool, features)
  } catch (error) {
    heap.dispose()
    throw error
  }
}

async function openOn(
  heap: Heap,
  { layers, settings }: StageSetting,
  pool: Pool | undefined,
  features: Pick<WasmFeatures, 'isRelaxed'>,
): Promise<Stages> {
  const threads = pool?.threads ?? 1
  const isDropping = (settings.dropout ?? []).some((share) => share > 0)
  const make = (length: number) => heap.floats(length)
  const space = new Workspace(layers, settings.batchSize, make, false, isDropping)
  const parameters = make(countParameters(layers))
  const gradients = make(parameters.length)
  const state = make(stateSlots(settings.optimizer) * parameters.length)
  const addresses: Addresses = {
    control: heap.allocate(CONTROL_BYTES),
    parameters: addressOf(parameters),
    gradients: addressOf(gradients),
    state: addressOf(state),
    inputs: addressOf(space.inputs!),
    targets: addressOf(space.targets),
    weights: heap.allocate(4 * settings.batchSize),
    z: space.z.map(addressOf),
    a: space.a.map(addressOf),
    deltas: space.deltas.map(addressOf),
    below: space.below.map(({ values }) => addressOf(values)),
    scores: heap.allocate(16 * settings.batchSize),
    squares: heap.allocate(8 * Math.ceil(parameters.length / SQUARES_SPAN)),
    scratch: heap.allocate(threads * scratchBytes(layers, settings.batchSize)),
  }
  const bytes = writeProgram({ layers, settings, addresses, kit: makeKit(features.isRelaxed) })
  const module = await WebAssembly.compile(bytes)
  const instance = await WebAssembly.instantiate(module, { host: { memory: heap.memory } })
  const program = instance.exports as unknown as Program
  const isAlone = !pool || pool.threads === 1 || isStraight(layers, settings)
  const id = isAlone ? undefined : await pool.attach(module, heap.memory)
  return new WasmStages({ layers, settings, heap, space, parameters, gradients, state, addresses, program, pool, id }) // prettier-ignore
}
