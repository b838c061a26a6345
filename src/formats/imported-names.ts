import { describe, InputError, listNames } from '../core/errors.ts'
import { type Fields, optional } from '../core/schema.ts'
import { classNames, columnNames, names } from '../data/names.ts'
import { fitClasses } from '../model/description.ts'
import type { Network } from '../model/network.ts'

/** Names for a network from another program's file, which has none. */
export interface ImportedNames {
  /** One name per input column. */
  features?: readonly string[] | undefined
  /** One name per class: as many as outputs, or two for one output. */
  classes?: readonly string[] | undefined
  /** One name per output of a regression. */
  targetNames?: readonly string[] | undefined
}

export const importedNamesFields = {
  features: optional(names),
  classes: optional(classNames),
  targetNames: optional(columnNames),
} satisfies Fields<ImportedNames>

/**
 * Gives a network the names that it has not.
 * @throws InputError where they are not as many as its inputs or classes, or contradict those that it has
 */
export function nameNetwork(network: Network, { features, classes, targetNames }: ImportedNames): Network {
  const inputs = network.encoding?.columns.length ?? network.sizes[0]!
  const outputs = network.sizes.at(-1)!
  if (features !== undefined && features.length !== inputs) {
    throw new InputError(`features: expected ${inputs} names, one a column, got ${features.length}`)
  }
  if (classes !== undefined && !fitClasses(classes, outputs)) {
    throw new InputError(
      `classes: expected ${Math.max(2, outputs)} names for ${outputs} outputs, got ${classes.length}`,
    )
  }
  if (targetNames !== undefined && targetNames.length !== outputs) {
    throw new InputError(`targetNames: expected ${outputs} names, one an output, got ${targetNames.length}`)
  }
  checkSame('features', network.features, features)
  checkSame('classes', network.classes, classes)
  checkSame('targetNames', network.targetNames, targetNames)
  network.features ??= features
  network.classes ??= classes
  network.targetNames ??= targetNames
  return network
}

function checkSame(option: string, own: readonly string[] | undefined, given: readonly string[] | undefined): void {
  if (own === undefined || given === undefined || own.every((name, i) => name === given[i])) return
  const place = own.findIndex((name, i) => name !== given[i])
  throw new InputError(
    `${option}: the file names others (${listNames(own, 8)}; ${describe(own[place])} where ${describe(given[place])} is given); leave the option out`,
  )
}
