import type { Random } from '../../src/core/random.ts'
import type { CallName, Moment } from './breaking-gpu.ts'

export const whens = ['before', 'after', 'later'] as const

/** A random call of a random kind: kinds of which there are few calls are as likely as others. */
export function randomMoment(random: Random, counts: ReadonlyMap<CallName, number>): Moment {
  const kinds = [...counts.keys()]
  const name = kinds[random.below(kinds.length)]!
  return { name, call: 1 + random.below(counts.get(name)!), when: whens[random.below(3)]! }
}
