import { checkKeys, checkName } from '../../core/errors.ts'
import type { Backend } from '../backend.ts'
import { javascriptStages } from './js/set.ts'
import { HostPlacement } from './placement.ts'
import { referenceStages } from './reference/set.ts'
import type { StageSet } from './stage-set.ts'
import type { Precision } from './values.ts'

export type { Precision }

/** A backend on the host, over a set of stages. */
export function hostBackend(name: string, description: string, set: StageSet): Backend {
  return {
    name,
    description,
    software: false,
    place: (network, settings) => HostPlacement.place(set, network, settings),
    dispose: () => undefined,
  }
}

/**
 * The CPU backend: float32 in register tiles, or float64 in plain loops, which is the reference for all other backends.
 * @example await Trainer.create(network, { backend: cpu({ precision: 'float64' }) })
 */
export function cpu(options: { precision?: Precision } = {}): Backend {
  checkKeys('cpu', options, ['precision'])
  const precision = checkName('precision', options.precision ?? 'float32', ['float32', 'float64'] as const)
  return precision === 'float32'
    ? hostBackend('cpu', 'CPU, float32', javascriptStages)
    : hostBackend('cpu', 'CPU, float64 reference', referenceStages('float64'))
}
