import { type Fields, name, readOptions, withDefault } from '../../core/schema.ts'
import type { Backend } from '../backend.ts'
import { javascriptStages } from './js/set.ts'
import { HostPlacement } from './placement.ts'
import { withRecipe } from './recipe.ts'
import { referenceStages } from './reference/set.ts'
import type { StageSet } from './stage-set.ts'
import type { Precision } from './values.ts'

export type { Precision }

/** A backend on the host, over a set of stages. */
export function hostBackend(label: string, description: string, set: StageSet): Backend {
  return {
    name: label,
    description,
    software: false,
    place: (network, settings) => HostPlacement.place(label, set, network, settings),
    dispose: () => undefined,
  }
}

/** The options of {@link cpu}. */
export interface CPUOptions {
  /** Default 'float32'. */
  precision?: Precision | undefined
}

export const cpuSchema = {
  name: 'cpu',
  fields: { precision: withDefault(name(['float32', 'float64'] as const), 'float32') } satisfies Fields<CPUOptions>,
}

/**
 * The CPU backend: float32 in register tiles, or float64 in plain loops, which is the reference for all other backends.
 * @param options the `precision` of the arithmetic, `float32` or `float64`; default `float32`
 * @example await Trainer.create(network, { backend: cpu({ precision: 'float64' }) })
 */
export function cpu(options: CPUOptions = {}): Backend {
  const { precision } = readOptions(cpuSchema, options)
  const backend =
    precision === 'float32'
      ? hostBackend('cpu', 'CPU, float32', javascriptStages)
      : hostBackend('cpu', 'CPU, float64 reference', referenceStages('float64'))
  return withRecipe(backend, { name: 'cpu', precision })
}
