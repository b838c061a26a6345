import { checkKeys, checkNumber, describe, InputError } from '../core/errors.ts'
import type { Matrix } from '../core/matrix.ts'
import { balancedWeights } from './classes.ts'

/** What {@link Dataset.withClassWeights} takes. */
export type ClassWeights = 'balanced' | readonly number[] | Readonly<Record<string, number>>

/** One weight a sample, checked. */
export function readWeights(weights: ArrayLike<number>, samples: number): Float32Array {
  if (weights.length !== samples) {
    throw new InputError(`weights: expected ${samples} numbers, one for each sample, got ${describe(weights)}`)
  }
  const values = Float32Array.from(weights)
  const bad = values.findIndex((weight) => !(weight >= 0 && weight < Infinity))
  if (bad >= 0) {
    throw new InputError(`weights: sample ${bad} has ${describe(weights[bad])}, expected a finite number from 0 on`)
  }
  if (values.every((weight) => weight === 0)) throw new InputError('weights: all are 0; nothing would be learned')
  return values
}

/** One weight a class, in the classes' order. */
export function readClassWeights(
  weights: ClassWeights,
  { classes, targets }: { readonly classes: readonly string[] | undefined; readonly targets: Matrix },
  labels: Uint32Array,
): number[] {
  const count = Math.max(2, targets.cols)
  if (targets.cols === 1 && !classes) throw new InputError('classWeights: the data have no classes')
  if (weights === 'balanced') {
    const counts = new Array<number>(count).fill(0)
    for (const label of labels) counts[label]!++
    return balancedWeights(counts)
  }
  if (typeof weights !== 'object' || weights === null) {
    throw new InputError(`classWeights: expected 'balanced' or a number for each class, got ${describe(weights)}`)
  }
  const names = classes ?? Array.from({ length: count }, (_, i) => String(i))
  if (weights instanceof Map || weights instanceof Set) {
    throw new InputError(`classWeights: expected 'balanced', a list or an object, got ${describe(weights)}`)
  }
  if (!Array.isArray(weights)) checkKeys('classWeights', weights, names)
  const values = Array.isArray(weights)
    ? (weights as readonly number[])
    : names.map((name) => (Object.hasOwn(weights, name) ? (weights as Readonly<Record<string, number>>)[name]! : 1))
  if (values.length !== count) {
    throw new InputError(`classWeights: expected ${count} numbers, one a class, got ${values.length}`)
  }
  values.forEach((value, i) => checkNumber(`classWeights: ${names[i]}`, value, { min: 0 }))
  return [...values]
}
