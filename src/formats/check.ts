import { checkInstance, describe, InputError } from '../core/errors.ts'
import { fitClasses } from '../model/description.ts'
import { Network } from '../model/network.ts'

/**
 * Checks what every format takes: a network whose parameters are finite, with a name and a scaling for each input where
 * there are any. Those are fields that a user may set after the network was made.
 */
export function checkNetwork(network: unknown): asserts network is Network {
  const { parameters, features, classes, scaling, sizes } = checkInstance<Network>(
    'network',
    network,
    Network,
    'Network',
  )
  const inputs = sizes[0] as number
  const bad = parameters.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw new InputError(`network: parameter ${bad} is ${parameters[bad]}, expected a finite number`)
  for (const [field, names] of Object.entries({ features, classes })) {
    if (names !== undefined && !(Array.isArray(names) && names.every((name) => typeof name === 'string'))) {
      throw new InputError(`network: ${field} is ${describe(names)}, expected a list of names`)
    }
  }
  if (features !== undefined && features.length !== inputs) {
    throw new InputError(`network: features has ${features.length} names, expected ${inputs}, one an input`)
  }
  const outputs = sizes.at(-1)!
  if (classes !== undefined && !fitClasses(classes, outputs)) {
    throw new InputError(`network: classes has ${classes.length} names for ${outputs} outputs, expected ${Math.max(2, outputs)}`) // prettier-ignore
  }
  if (scaling !== undefined && scaling.offset.length !== inputs) {
    throw new InputError(`network: scaling is of ${scaling.offset.length} columns, expected ${inputs}, one an input`)
  }
}

/** Checks that a file came as bytes. */
export function checkBytes(bytes: unknown, name: string): asserts bytes is Uint8Array {
  if (bytes instanceof Uint8Array) return
  throw new InputError(`${name}: expected the file's bytes as a Uint8Array, got ${describe(bytes)}`)
}
