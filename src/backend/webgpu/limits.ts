import { InputError } from '../../core/errors.ts'
import { stateSlots } from '../../optimizer/optimizer.ts'
import type { PlacementSettings } from '../backend.ts'
import { Buffers, storageBytes, tooLarge } from './device/buffers.ts'
import type { Device } from './device/device.ts'
import { countPacks, type DeviceLayer } from './kernels/packs.ts'
import { productShapes } from './kernels/stage-kernels.ts'
import { groupsOf, MOST_GROUPS } from './kernels/tiling.ts'
import { tilingFor } from './kernels/tuning.ts'
import { layerValues } from './plans/workspace.ts'

/** A buffer that a network will need, and what makes it smaller. */
interface Need {
  readonly what: string
  readonly bytes: number
  readonly remedy: string
}

/**
 * Refuses a network that the device cannot hold or compute, before anything is allocated: each buffer against the largest
 * one that can be bound, each dispatch against the most workgroups.
 * @param networks how many are trained side by side
 * @throws InputError naming the bytes needed, the limit and the option that helps
 */
export function checkFits(
  device: Device,
  layers: readonly DeviceLayer[],
  { batchSize, optimizer }: PlacementSettings,
  networks = 1,
): void {
  const limit = new Buffers(device).mostBytes
  const parameters = networks * storageBytes(4 * countPacks(layers))
  const slots = stateSlots(optimizer)
  const fewer = networks > 1 ? 'use smaller layers or fewer networks' : "use smaller layers, or backend: 'cpu'"
  const needs: Need[] = [
    { what: 'parameters', bytes: parameters, remedy: fewer },
    {
      what: `optimizer state (${slots} values for each parameter, by ${optimizer.name})`,
      bytes: slots * parameters,
      remedy: `use an optimizer that keeps less (sgd without momentum keeps nothing), or ${fewer}`,
    },
    ...layers.map((layer, l) => ({
      what: `activations of layer ${l + 1} for batchSize ${batchSize}`,
      bytes: storageBytes(layerValues(layer, batchSize)),
      remedy: "use a smaller batchSize or smaller layers, or backend: 'cpu'",
    })),
  ]
  for (const { what, bytes, remedy } of needs) if (bytes > limit) throw tooLarge(device, what, bytes, limit, remedy)
  checkGroups(device, layers, batchSize)
}

/** A product takes one workgroup for each tile of its rows and of its columns; a very wide layer takes too many. */
function checkGroups({ profile, name }: Device, layers: readonly DeviceLayer[], batchSize: number): void {
  for (const [l, layer] of layers.entries()) {
    for (const stage of ['forward', 'hiddenDelta', 'gradient'] as const) {
      // δ is not propagated below the first layer.
      if (stage === 'hiddenDelta' && l === 0) continue
      const shape = productShapes[stage](layer, batchSize)
      // The gradient has one more row of workgroups, for the biases.
      const [across, down] = groupsOf(shape, tilingFor(profile, stage, shape))
      if (Math.max(across, down + 1) <= MOST_GROUPS) continue
      throw new InputError(
        `layer ${l + 1}: ${layer.inputs} × ${layer.outputs} weights take ${Math.max(across, down + 1)} workgroups side by ` +
          `side, more than the ${MOST_GROUPS} of '${name}'; use smaller layers, or backend: 'cpu'`,
      )
    }
  }
}
