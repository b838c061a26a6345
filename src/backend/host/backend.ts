import { checkKeys, checkName } from '../../core/errors.ts'
import type { Backend } from '../backend.ts'
import { CPUNetwork, type Precision } from './placement.ts'

export type { Precision }

/**
 * The CPU backend: float32 in register tiles, or float64 in plain loops, which is the reference that everything else is
 * held against.
 * @example await Trainer.create(network, { backend: cpu({ precision: 'float64' }) })
 */
export function cpu(options: { precision?: Precision } = {}): Backend {
  checkKeys('cpu', options, ['precision'])
  const precision = checkName('precision', options.precision ?? 'float32', ['float32', 'float64'] as const)
  return {
    name: 'cpu',
    description: precision === 'float32' ? 'CPU, float32' : 'CPU, float64 reference',
    software: false,
    place: (network, settings) => Promise.resolve(new CPUNetwork(network, settings, precision)),
    dispose: () => undefined,
  }
}
