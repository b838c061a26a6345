import { lossPairs } from './backends.ts'

/**
 * Selections of cases for `npm test`. On SwiftShader a test of a kernel costs what its compilation costs, and most
 * combinations of losses, activations, optimizers and shapes consist of parts that other combinations test, too.
 */

/** Set by vite.config.ts for `npm run test:exhaustive`, which runs every case. */
export const isExhaustive = process.env.EXHAUSTIVE !== undefined

/**
 * A selection in which every value of every case occurs, chosen greedily: each next case is the one with the most values
 * that do not occur yet, and of several such cases one whose values occur least. All cases in the exhaustive run.
 * @param valuesOf the values of a case that must occur, for example its loss and its output activation
 */
export function covering<Case>(cases: readonly Case[], valuesOf: (one: Case) => readonly unknown[]): readonly Case[] {
  if (isExhaustive) return cases
  const missing = new Set(cases.flatMap(valuesOf))
  const occurrences = new Map<unknown, number>()
  const occurrencesOf = (one: Case) => valuesOf(one).reduce<number>((sum, v) => sum + (occurrences.get(v) ?? 0), 0)
  const gainOf = (one: Case) => valuesOf(one).filter((value) => missing.has(value)).length
  const compare = (one: Case, other: Case) => gainOf(one) - gainOf(other) || occurrencesOf(other) - occurrencesOf(one)
  const selected = new Set<Case>()
  while (missing.size > 0) {
    const next = cases.reduce((best, one) => (compare(one, best) > 0 ? one : best))
    selected.add(next)
    for (const value of valuesOf(next)) {
      missing.delete(value)
      occurrences.set(value, (occurrences.get(value) ?? 0) + 1)
    }
  }
  return cases.filter((one) => selected.has(one))
}

/**
 * Every loss and every output activation, and each loss with softmax and with an activation of single values, which are
 * different code. For the tests that compile a kernel for each pair.
 */
export const someLossPairs = covering(lossPairs, ([loss, output]) => [loss, output, `${loss} ${output === 'softmax'}`])
