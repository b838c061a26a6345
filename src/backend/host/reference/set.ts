import { countParameters } from '../../../model/layout.ts'
import { stateSlots } from '../../../optimizer/optimizer.ts'
import type { Stages, StageSet, StageSetting } from '../stage-set.ts'
import { type MakeValues, type Precision, valuesOf } from '../values.ts'
import { Workspace } from '../workspace.ts'
import * as reference from './stages.ts'

/** The reference: each stage as plain loops, in either precision. */
export const referenceStages = (precision: Precision): StageSet => ({
  valueBytes: precision === 'float64' ? 8 : 4,
  open: (setting) => Promise.resolve(openReference(setting, valuesOf(precision))),
})

/**
 * The reference stages of a network.
 * @param make makes the arrays: in the set's precision, in memory that it chooses
 */
export function openReference({ layers, settings }: StageSetting, make: MakeValues): Stages {
  const { loss, optimizer } = settings
  const count = countParameters(layers)
  const parameters = make(count)
  const gradients = make(count)
  const state = make(stateSlots(optimizer) * count)
  const last = layers.length - 1
  return {
    parameters,
    gradients,
    state,
    bytes: 0,
    makeWorkspace: (rows, dropping) => new Workspace(layers, rows, make, false, dropping),
    forward(l, { below, z, a }, rows) {
      reference.forward(layers[l]!, parameters, below[l]!.values, rows, z[l]!, a[l]!)
    },
    outputDelta: ({ z, a, deltas, targets, weights }, rows, countsLabels) =>
      reference.outputDelta(
        layers[last]!,
        loss,
        z[last]!,
        a[last]!,
        targets,
        rows,
        deltas[last]!,
        weights,
        countsLabels,
      ),
    hiddenDelta(l, { z, a, deltas }, rows) {
      const { activation } = layers[l]!
      reference.hiddenDelta(layers[l + 1]!, parameters, deltas[l + 1]!, rows, activation, z[l]!, a[l]!, deltas[l]!)
    },
    gradient(l, { below, deltas }, rows) {
      reference.gradient(layers[l]!, deltas[l]!, below[l]!.values, rows, gradients)
    },
    update(step) {
      reference.update(optimizer, step, parameters, gradients, state)
    },
    dispose: () => undefined,
  }
}
