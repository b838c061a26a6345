import { describe, expect, it } from 'vitest'
import { isExhaustive } from './covering.ts'
import {
  loseOnce,
  loseRepeatedly,
  loseWhileRecovering,
  moments,
  randomOf,
  runUnbroken,
  Tally,
} from './recovery/moments.ts'
import { trainings } from './recovery/trainings.ts'

/** Those that take little time: `npm test` tries one moment of each. */
const quick = ['divergence, layers', 'a sweep', 'a live sweep']
const isLong = isExhaustive || moments > 1
const only = process.env.RECOVERY_ONLY
const tried = trainings.filter(({ name }) => (only ? name.includes(only) : isLong || quick.includes(name)))
const MINUTES = 60_000

describe('a training that loses its device ends with the bits of one that does not', () => {
  for (const [index, training] of tried.entries()) {
    const { name } = training
    it(
      name,
      async () => {
        const unbroken = await runUnbroken(training)
        const random = randomOf(index)
        const kinds = {
          'at a random moment': loseOnce,
          'while recovering': loseWhileRecovering,
          repeatedly: loseRepeatedly,
        }
        for (const [kind, lose] of Object.entries(kinds).slice(0, moments > 1 ? 3 : 1)) {
          const tally = new Tally()
          const runs = lose === loseOnce ? moments : Math.ceil(moments / 5)
          for (let run = 0; run < runs; run++) await lose(training, unbroken, random, tally)
          tally.print(`${name}, ${kind}`)
          if (runs > 10) expect(tally.losses).toBeGreaterThan(runs / 2)
        }
      },
      30 * MINUTES,
    )
  }
})
