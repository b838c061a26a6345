import { checkInstance, describe, InputError } from '../core/errors.ts'
import { checkAlike } from '../model/alike-networks.ts'
import { columnsOf, fitClasses, tasks } from '../model/description.ts'
import { Encoding } from '../model/encoding.ts'
import { Ensemble } from '../model/ensemble.ts'
import { Network } from '../model/network.ts'
import { Scaling } from '../model/scaling.ts'

/**
 * Checks what every format takes: a network whose parameters are finite, and whose names, encoding and scalings fit its
 * columns, inputs and outputs. Those are fields that a user may set after the network was made.
 */
export function checkNetwork(network: unknown): asserts network is Network {
  const checked = checkInstance<Network>('network', network, Network, 'Network')
  const { parameters, task } = checked
  const bad = parameters.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw new InputError(`network: parameter ${bad} is ${parameters[bad]}, expected a finite number`)
  checkPreprocessing(checked)
  checkFieldNames(checked)
  if (task !== undefined && !tasks.includes(task)) {
    throw new InputError(`network: task is ${describe(task)}, expected ${tasks.join(', ')}`)
  }
}

function checkPreprocessing({ sizes, encoding, scaling, targetScaling }: Network): void {
  const [inputs, outputs] = [sizes[0]!, sizes.at(-1)!]
  if (encoding !== undefined) {
    checkInstance<Encoding>('network: encoding', encoding, Encoding, 'Encoding')
    if (encoding.inputs !== inputs) {
      throw new InputError(`network: encoding makes ${encoding.inputs} inputs, the network has ${inputs}`)
    }
  }
  for (const [field, value, count, each] of [
    ['scaling', scaling, inputs, 'an input'],
    ['targetScaling', targetScaling, outputs, 'an output'],
  ] as const) {
    if (value === undefined) continue
    checkInstance<Scaling>(`network: ${field}`, value, Scaling, 'Scaling')
    if (value.offset.length !== count) {
      throw new InputError(`network: ${field} is of ${value.offset.length} columns, expected ${count}, one ${each}`)
    }
  }
}

function checkFieldNames(network: Network): void {
  const { features, classes, targetNames, encoding, sizes } = network
  for (const [field, names] of Object.entries({ features, classes, targetNames })) {
    if (names !== undefined && !(Array.isArray(names) && names.every((name) => typeof name === 'string'))) {
      throw new InputError(`network: ${field} is ${describe(names)}, expected a list of names`)
    }
  }
  const columns = columnsOf(network)
  if (features !== undefined && features.length !== columns) {
    const each = encoding ? 'a column' : 'an input'
    throw new InputError(`network: features has ${features.length} names, expected ${columns}, one ${each}`)
  }
  const outputs = sizes.at(-1)!
  if (classes !== undefined && !fitClasses(classes, outputs)) {
    throw new InputError(`network: classes has ${classes.length} names for ${outputs} outputs, expected ${Math.max(2, outputs)}`) // prettier-ignore
  }
  if (targetNames !== undefined && targetNames.length !== outputs) {
    throw new InputError(`network: targetNames has ${targetNames.length} names, expected ${outputs}, one an output`)
  }
}

/** The networks of a network or an ensemble, checked. @throws InputError as {@link checkNetwork} does */
export function checkNetworks(model: unknown): readonly Network[] {
  const networks = model instanceof Ensemble ? model.networks : [model]
  for (const network of networks) checkNetwork(network)
  checkAlike(networks as readonly Network[])
  return networks as readonly Network[]
}

/** Checks that a file came as bytes. */
export function checkBytes(bytes: unknown, name: string): asserts bytes is Uint8Array {
  if (bytes instanceof Uint8Array) return
  throw new InputError(`${name}: expected the file's bytes as a Uint8Array, got ${describe(bytes)}`)
}
