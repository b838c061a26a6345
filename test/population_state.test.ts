import { describe, expect } from 'vitest'
import type { PlacementSettings, PopulationState } from '../src/backend/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { Kernels } from '../src/backend/webgpu/kernels/kernels.ts'
import { InputError } from '../src/core/errors.ts'
import { Network } from '../src/model/network.ts'
import { adam, sgd } from '../src/optimizer/optimizer.ts'
import { randomData } from './backends.ts'
import { withDevice } from './device.ts'

const SAMPLES = 34
const BATCH = 10

interface Form {
  readonly sizes: readonly number[]
  readonly hardware: boolean
}

const forms: Record<string, Form> = {
  straight: { sizes: [2, 3, 2], hardware: false },
  lanes: { sizes: [2, 3, 2], hardware: true },
  loop: { sizes: [5, 20, 12, 3], hardware: false },
}

/** The rows of some networks, in this order. */
function rowsOf({ form, parameters, state, ended }: PopulationState, places: readonly number[]): PopulationState {
  const take = (values: Float32Array) => {
    const own = values.length / ended.length
    return Float32Array.from(places.flatMap((k) => [...values.subarray(k * own, (k + 1) * own)]))
  }
  return { form, parameters: take(parameters), state: take(state), ended: Uint8Array.from(places, (k) => ended[k]!) }
}

describe.each(Object.entries(forms))('the state of a population: %s', (name, { sizes, hardware }) => {
  const data = randomData(SAMPLES, sizes[0]!, sizes.at(-1)!, 1)
  const network = Network.create({ sizes, hidden: 'tanh', output: 'linear', seed: 3 })
  const rates = [0.01, 1e30, 0.02, 0.05, 0.03]
  const common = { loss: 'meanSquaredError', batchSize: BATCH } as const
  const settings = rates.map((learningRate): PlacementSettings => ({
    ...common,
    optimizer: sgd({ learningRate, momentum: 0.9 }),
  }))
  const seeds = Uint32Array.from(rates, (_, k) => 7 * k + 1)
  const seededEpochs = (places: readonly number[], first: number) => ({
    seeds: Uint32Array.from(places, (k) => seeds[k]!),
    first,
    count: 2,
    batchSize: BATCH,
  })

  const all = [0, 1, 2, 3, 4]

  withDevice('goes on with the same bits in a population of others, in another order', async ({ gpu, profile }) => {
    const device = Device.from(gpu, new AdapterProfile({ software: !hardware, quads: profile.quads }))
    const backend = webgpuWith(device, 'auto', new Kernels(device))
    const one = await backend.populate!([network], settings)
    expect(one.form).toBe(name)
    await one.initialize(seeds, 'glorotUniform')
    const handle = await one.upload(data)
    await one.trainSeeded(handle, seededEpochs(all, 1)).result
    await one.stop([3])
    const half = await one.readState()
    expect([...half.ended]).toEqual([0, 1, 0, 1, 0])
    expect(half.parameters).toEqual(await one.readParameters())
    await one.trainSeeded(handle, seededEpochs(all, 3)).result
    const whole = await one.readState()

    const places = [4, 3, 0, 1, 2, 0]
    const other = await backend.populate!([network], places.map((k) => settings[k]!), one.form) // prettier-ignore
    // What was trained before is replaced.
    const own = await other.upload(data)
    await other.trainSeeded(own, seededEpochs(places, 1)).result
    await other.writeState(rowsOf(half, places))
    expect(await other.readState()).toEqual(rowsOf(half, places))
    const sums = await other.trainSeeded(own, seededEpochs(places, 3)).result
    expect([...sums.trained]).toEqual([2, 0, 2, 0, 2, 2])
    expect(await other.readState()).toEqual(rowsOf(whole, places))
    for (const [i, k] of places.entries()) {
      const { parameters, state } = await other.read(i)
      expect({ parameters, state }).toEqual(await one.read(k))
    }
    one.dispose()
    other.dispose()
  })
})

describe('the state of a population', () => {
  withDevice('is refused where it is of others', async (device) => {
    const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
    const settings: PlacementSettings = { loss: 'quadratic', optimizer: adam(), batchSize: BATCH }
    const population = await webgpuWith(device).populate!([network], [settings, settings])
    const state = await population.readState()
    // All begin with the parameters of the one network.
    expect(state.parameters).toEqual(Float32Array.from([...network.parameters, ...network.parameters]))
    expect(state.state).toHaveLength(2 * 2 * network.parameters.length)
    for (const wrong of [
      { form: 'loop' },
      { parameters: state.parameters.subarray(1) },
      { state: new Float32Array() },
      { ended: new Uint8Array(3) },
    ]) {
      await expect(population.writeState({ ...state, ...wrong })).rejects.toThrow(InputError)
    }
    population.dispose()
    await expect(webgpuWith(device).populate!([network], [settings], 'loops')).rejects.toThrow(InputError)
    const wide = Network.create({ sizes: [20, 30, 2], seed: 1 })
    await expect(webgpuWith(device).populate!([wide], [settings], 'straight')).rejects.toThrow(InputError)
  })
})
