import { Matrix } from '../core/matrix.ts'
import { InputError, listNames } from '../core/errors.ts'
import { oneHot } from './classes.ts'

/** Names for classes that are whole numbers: those that occur, by size. */
export function occurringNumbers(labels: Iterable<number>): string[] {
  return [...new Set(labels)].sort((a, b) => a - b).map(String)
}

/**
 * One-hot targets of labels that are whole numbers. Classes whose names are whole numbers are those labels; other names are
 * those of label 0, 1, 2 …
 * @param argument what errors call the labels
 * @throws InputError for a label that is none of the classes
 */
export function encodeNumbers(labels: ArrayLike<number>, classes: readonly string[], argument: string): Matrix {
  const isCounted = classes.every((name, i) => name === String(i))
  if (isCounted || !classes.every((name) => /^(0|-?[1-9]\d*)$/.test(name))) return oneHot(labels, classes.length)
  const places = new Map(classes.map((name, i) => [Number(name), i]))
  const indices = Uint32Array.from(labels, (label, i) => {
    const place = places.get(label)
    if (place !== undefined) return place
    throw new InputError(`${argument}: sample ${i} is ${label}, expected one of the classes ${listNames(classes, 8)}`)
  })
  return oneHot(indices, classes.length)
}
